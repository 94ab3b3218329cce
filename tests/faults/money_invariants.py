"""What is true of payments, credit, refunds and disputes at every moment, read from the rows alone."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import select

from cornerspot.billing.models import Dispute, Invoice, LedgerEntry, Payment, PaymentAllocation, PaymentReturn, Refund
from cornerspot.db import session

ANEW = {"populate_existing": True}


def require_sound_money(*, with_ledger: bool = False):
    """Every sum of the team's money agrees with every other."""
    session.flush()
    rows = {model: session.scalars(select(model), execution_options=ANEW).all() for model in MODELS}
    returns = [row for row in rows[PaymentReturn] if row.reverted_at is None]
    live = [row for row in rows[PaymentAllocation] if row.released_at is None]
    for payment in rows[Payment]:
        _require_payment(payment, live, returns, rows)
    for invoice in rows[Invoice]:
        _require_invoice(invoice, live, returns)
    if with_ledger:
        _require_ledger(rows)


MODELS = (Payment, PaymentAllocation, PaymentReturn, Refund, Dispute, Invoice, LedgerEntry)


def _require_payment(payment, live, returns, rows):
    mine = [row for row in live if row.payment_id == payment.id]
    taken = [row for row in returns if row.payment_id == payment.id]
    completed = payment.status == "completed"
    parts = payment.allocated_minor + payment.credit_minor + payment.returned_minor
    assert parts == (payment.amount_minor if completed else 0)
    assert min(payment.allocated_minor, payment.credit_minor, payment.returned_minor) >= 0
    assert payment.allocated_minor == sum(row.amount_minor for row in mine)
    assert len({row.invoice_id for row in mine}) == len(mine)
    kept = defaultdict(int)
    for row in taken:
        if row.invoice_id is not None and not row.still_owed:
            kept[row.invoice_id] += row.amount_minor
    for row in mine:
        assert row.refunded_minor == kept.pop(row.invoice_id, 0)
    assert not kept  # What is gone from an invoice without being owed again is on an allocation that lives.
    assert payment.returned_minor + sum(row.refunded_minor for row in mine) == sum(row.amount_minor for row in taken)
    gone_by_refunds = [one for one in rows[Refund] if one.payment_id == payment.id and one.booked_at and not _back(one)]
    assert payment.refunded_minor == sum(one.amount_minor for one in gone_by_refunds)
    withdrawn = sum(one.withdrawn_minor for one in rows[Dispute] if one.payment_id == payment.id)
    assert payment.disputed_minor == withdrawn
    assert sum(row.amount_minor for row in taken) <= payment.refunded_minor + payment.disputed_minor


def _back(refund):
    return refund.status in ("failed", "canceled")


def _require_invoice(invoice, live, returns):
    settling = [row for row in live if row.invoice_id == invoice.id]
    assert invoice.paid_minor == sum(row.amount_minor for row in settling)
    assert invoice.balance_minor == invoice.total_minor - invoice.paid_minor
    refunded = [row for row in returns if row.invoice_id == invoice.id and row.refund_id is not None]
    assert invoice.refunded_minor == sum(row.amount_minor for row in refunded)


def _require_ledger(rows):
    moved = defaultdict(int)
    for entry in rows[LedgerEntry]:
        if entry.kind != "fee":
            moved[entry.payment_id] += entry.amount_minor
    for payment in rows[Payment]:
        if payment.stripe_payment_id and payment.status == "completed":
            left = payment.amount_minor - payment.refunded_minor - payment.disputed_minor
            assert moved[payment.id] == left
