"""Disputes and returned debits: only what was withdrawn is owed again, and what comes back settles again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from cornerspot.activity.models import ActivityEntry
from cornerspot.billing.models import Dispute, Invoice, LedgerEntry, Payment, PaymentException
from cornerspot.billing.online.syncing import book_reading, reading_provider
from cornerspot.billing.refunding import refund_payment
from cornerspot.db import session
from cornerspot.db.transaction import in_transaction
from cornerspot.kit import clock
from cornerspot.kit.errors import Conflict
from cornerspot.kit.money import Money
from cornerspot.payments.provider import RefundSnapshot


def exceptions():
    return in_transaction(lambda: sorted(session.scalars(select(PaymentException.kind))))


def disputes():
    return in_transaction(lambda: session.scalars(select(Dispute)).all())


def timeline(invoice_id):
    rows = select(ActivityEntry.event).where(ActivityEntry.subject_id == invoice_id).order_by(ActivityEntry.id)
    return in_transaction(lambda: list(session.scalars(rows)))


def test_an_inquiry_moves_nothing(stripe, paid):
    opened = stripe.standin.open_dispute(paid[1], inquiry=True)
    stripe.sync(paid[1])
    assert stripe.read(paid[0]).status == "paid"
    stripe.standin.close_dispute(opened["id"])
    stripe.sync(paid[1])
    [dispute] = disputes()
    assert (dispute.status, dispute.withdrawn_minor, bool(dispute.closed_at)) == ("warning_closed", 0, True)
    assert timeline(paid[0])[-2:] == ["disputed", "dispute_closed"]
    assert stripe.booked() == stripe.moved() == {paid[1]: 20000}


def test_what_was_withdrawn_is_owed_again_and_settles_again_when_won(stripe, paid):
    opened = stripe.standin.open_dispute(paid[1])
    stripe.sync(paid[1])
    invoice, payment = stripe.read(paid[0]), stripe.payment(paid[1])
    assert (invoice.status, invoice.balance_minor, invoice.refunded_minor) == ("open", 20000, 0)
    assert (payment.disputed_minor, payment.returned_minor) == (20000, 20000)
    assert stripe.booked() == stripe.moved() == {paid[1]: 0}
    assert exceptions() == ["dispute_opened"]
    stripe.standin.close_dispute(opened["id"], won=True)
    stripe.sync(paid[1])
    invoice, payment = stripe.read(paid[0]), stripe.payment(paid[1])
    assert (invoice.status, payment.disputed_minor, payment.allocated_minor) == ("paid", 0, 20000)
    assert stripe.booked() == stripe.moved() == {paid[1]: 20000}
    assert [name for name in timeline(paid[0]) if name.startswith("disp")] == [
        "disputed",
        "dispute_withdrawn",
        "dispute_reinstated",
        "dispute_closed",
    ]


def test_what_a_won_one_gave_back_can_be_refunded_before_we_know(stripe, paid):
    """The stand-in refunds no payment that was disputed; the processor does, once the dispute is won."""
    opened = stripe.standin.open_dispute(paid[1])
    stripe.sync(paid[1])
    stripe.standin.close_dispute(opened["id"], won=True)
    told = in_transaction(lambda: reading_provider(stripe.connection_id)).read_payment(paid[1])
    refund = RefundSnapshot("re_after", Money(20000, "EUR"), "succeeded", reference="", created_at=clock.now())
    book_reading(stripe.connection_id, replace(told, refunds=(refund,)))
    payment = stripe.payment(paid[1])
    assert (payment.disputed_minor, payment.refunded_minor) == (0, 20000)
    assert exceptions() == ["dispute_opened"]
    assert stripe.booked() == {paid[1]: 0}


def test_a_lost_one_stays_owed_and_its_fee_is_the_team_s_cost(stripe, paid):
    opened = stripe.standin.open_dispute(paid[1])
    stripe.standin.close_dispute(opened["id"], won=False)
    stripe.sync(paid[1])
    stripe.sync(paid[1])
    assert stripe.read(paid[0]).balance_minor == 20000
    assert exceptions() == ["dispute_lost", "dispute_opened"]
    fees = in_transaction(lambda: session.scalars(select(LedgerEntry).where(LedgerEntry.kind == "fee")).all())
    assert -sum(fee.amount_minor for fee in fees) == stripe.standin.money_moved(stripe.account)[paid[1]].fees


def test_after_a_part_was_refunded_the_rest_is_disputed(stripe, paid):
    stripe.standin.dashboard_refund(paid[1], 5000)
    opened = stripe.standin.open_dispute(paid[1])
    stripe.sync(paid[1])
    invoice = stripe.read(paid[0])
    assert (invoice.status, invoice.balance_minor, invoice.refunded_minor) == ("partially_paid", 15000, 5000)
    stripe.standin.close_dispute(opened["id"], won=True)
    stripe.sync(paid[1])
    assert stripe.read(paid[0]).status == "paid"
    assert stripe.booked() == stripe.moved() == {paid[1]: 15000}


def test_a_returned_debit_is_owed_again(stripe):
    invoice_id = stripe.invoice()
    payment_id = stripe.paid_by_bank(invoice_id, "disputed")
    stripe.standin.advance_business_days(10)
    stripe.sync(payment_id)
    assert stripe.read(invoice_id).status == "open"
    assert "returned a payment of €200.00: insufficient funds" in in_transaction(
        lambda: session.scalars(select(PaymentException.message).where(PaymentException.kind == "dispute_opened")).one()
    )
    assert stripe.booked() == stripe.moved() == {payment_id: 0}


def test_what_is_disputed_is_not_refunded(stripe, paid):
    opened = stripe.standin.open_dispute(paid[1])
    stripe.sync(paid[1])

    def ask():
        invoice = session.scalars(select(Invoice).where(Invoice.id == paid[0])).one()
        payment = session.scalars(select(Payment)).one()
        money = Money(100, "EUR")
        refund_payment(payment, money, still_owed=False, reason="", by=stripe.by, request_key="k", invoice=invoice)

    with pytest.raises(Conflict, match="is disputed"):
        in_transaction(ask)
    stripe.standin.close_dispute(opened["id"])
    stripe.sync(paid[1])
    with pytest.raises(Conflict, match="is disputed"):
        in_transaction(ask)
