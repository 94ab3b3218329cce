"""What happens once is once in the database, and money lies where it says, even when no code of ours looks."""

from __future__ import annotations

import pytest
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import IntegrityError

from cornerspot.billing.models import (
    CheckoutAttempt,
    Dispute,
    Invoice,
    LedgerEntry,
    PayLink,
    Payment,
    PaymentAllocation,
    Refund,
)
from cornerspot.billing.online.refund_calls import send_refund
from cornerspot.billing.pay_links import ensure_pay_link
from cornerspot.billing.refunding import refund_payment
from cornerspot.billing.settling import record_manual_payment
from cornerspot.db import session
from cornerspot.db.transaction import in_transaction
from cornerspot.kit import clock, ids
from cornerspot.kit.money import Money
from cornerspot.payments.models import ProcessorAccount, StripeEvent
from tests.factories.online import processor


@pytest.fixture
def paid(team, story):
    """An invoice that was paid by card, refunded in part, disputed, linked to and told of; another with an open page.

    A third was paid by hand.
    """
    with processor(story.owner) as stripe:
        invoice_id = stripe.invoice()
        payment_id = stripe.paid_by_card(invoice_id)
        stripe.sync(payment_id)
        stripe.open_page(stripe.invoice())

        def refund():
            invoice = session.scalars(select(Invoice).where(Invoice.id == invoice_id)).one()
            ensure_pay_link(invoice)
            payment = session.scalars(select(Payment)).one()
            facts = {"still_owed": False, "reason": "", "by": story.owner, "request_key": "once"}
            return refund_payment(payment, Money(5000, "EUR"), invoice=invoice, **facts).id

        send_refund(str(in_transaction(refund)))
        stripe.standin.open_dispute(payment_id, inquiry=True)
        stripe.sync(payment_id)
        third = stripe.invoice()
        in_transaction(lambda: record(third, story.owner))
        in_transaction(hear)
        yield


def record(invoice_id, by):
    """A payment in cash."""
    invoice = session.scalars(select(Invoice).where(Invoice.id == invoice_id)).one()
    facts = {"method": "cash", "received_on": invoice.issued_on, "request_key": "by hand"}
    record_manual_payment(invoice, amount_minor=100, by=by, **facts)


def hear():
    """A webhook was stored."""
    account = session.scalars(select(ProcessorAccount)).one()
    event = StripeEvent(processor_account_id=account.id, event_id="evt_1", type="charge.updated", livemode=False)
    event.body, event.happened_at = b"{}", clock.now()
    session.add(event)


# Which row is written a second time, what is another about the copy, and what refuses it.
COPIES = {
    "a live attempt of an invoice": (CheckoutAttempt, {"session_id": None}, "uq_checkout_attempts_live"),
    "a page of an attempt": (CheckoutAttempt, {"state": "failed"}, "uq_checkout_attempts_session"),
    "a payment of the processor": (Payment, {"request_key": None}, "uq_payments_stripe_payment"),
    "a payment by hand": (Payment, {"stripe_payment_id": None}, "uq_payments_tenant_id_request_key"),
    "a live allocation": (PaymentAllocation, {}, "uq_payment_allocations_live"),
    "a refund of the processor": (Refund, {"request_key": None}, "uq_refunds_tenant_id_payment_id_stripe_refund_id"),
    "a refund that was asked for": (Refund, {"stripe_refund_id": None}, "uq_refunds_tenant_id_request_key"),
    "a dispute": (Dispute, {}, "uq_disputes_tenant_id_payment_id_stripe_dispute_id"),
    "a fact in the ledger": (LedgerEntry, {}, "uq_ledger_entries_fact"),
    "a webhook in the inbox": (StripeEvent, {}, "uq_stripe_events_tenant_id_processor_account_id_event_id"),
    "a live pay link": (PayLink, {}, "uq_pay_links_live"),
}
ONLY = {
    "a live attempt of an invoice": [CheckoutAttempt.state == "open"],
    "a payment of the processor": [Payment.method == "online"],
    "a payment by hand": [Payment.method == "cash"],
}


@pytest.mark.parametrize("name", COPIES)
def test_it_exists_once(paid, name):
    model, changes, constraint = COPIES[name]
    row = session.scalars(select(model).where(*ONLY.get(name, ()))).first()
    values = {attribute.key: getattr(row, attribute.key) for attribute in inspect(model).column_attrs}
    session.add(model(**values | {"id": ids.new_id()} | changes))
    with pytest.raises(IntegrityError, match=constraint):
        session.flush()


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("credit_minor = credit_minor + 1", "parts_add_up"),
        ("allocated_minor = allocated_minor - 1", "parts_add_up"),
        ("returned_minor = returned_minor + 1", "parts_add_up"),
        ("amount_minor = amount_minor + 1", "parts_add_up"),
        ("status = 'processing'", "parts_add_up"),
        ("credit_minor = -1, returned_minor = returned_minor + credit_minor + 1", "parts_not_negative"),
        ("refunded_minor = -1", "reversals_not_negative"),
        ("stripe_payment_id = NULL", "online_fits_method"),
    ],
)
def test_the_money_of_a_payment_lies_in_its_three_places(paid, change, constraint):
    with pytest.raises(IntegrityError, match=constraint):
        session.execute(text(f"UPDATE payments SET {change} WHERE method = 'online'"))
