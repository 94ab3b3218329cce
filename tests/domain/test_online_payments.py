"""Money that comes online: booked once, as the processor has it, whatever was said about it and when."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from cornerspot.activity.models import ActivityEntry
from cornerspot.billing.models import LedgerEntry, PaymentException
from cornerspot.db import session
from cornerspot.db.transaction import in_transaction
from tests.factories.online import processor


@pytest.fixture
def stripe(team, story):
    with processor(story.owner) as made:
        yield made


def exceptions():
    return in_transaction(lambda: sorted(session.scalars(select(PaymentException.kind))))


def timeline(invoice_id):
    rows = select(ActivityEntry.event).where(ActivityEntry.subject_id == invoice_id).order_by(ActivityEntry.id)
    return in_transaction(lambda: list(session.scalars(rows)))


def test_a_card_payment_settles_its_invoice_once_however_often_it_is_looked_at(stripe):
    invoice_id = stripe.invoice()
    payment_id = stripe.paid_by_card(invoice_id)
    for _ in range(3):
        payment = stripe.sync(payment_id)
    invoice = stripe.read(invoice_id)
    assert (payment.status, payment.amount_minor, payment.allocated_minor) == ("completed", 20000, 20000)
    assert (invoice.status, invoice.paid_minor, invoice.processing_minor) == ("paid", 20000, 0)
    assert stripe.booked() == stripe.moved() == {payment_id: 20000}
    assert payment.fee_minor > 0
    assert payment.method_detail == "Visa 4242"
    assert stripe.attempts(invoice_id)[0].state == "succeeded"
    assert timeline(invoice_id).count("payment_received") == 1
    assert exceptions() == []
    entries = in_transaction(lambda: session.scalars(select(LedgerEntry.kind).order_by(LedgerEntry.kind)).all())
    assert entries == ["capture", "fee"]
