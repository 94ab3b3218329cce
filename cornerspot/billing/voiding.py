"""Voiding: a finalized invoice is nullified and kept; its number stays taken.

Money that was collected on it is refunded, or stays the customer's credit: the person says which.
"""

from __future__ import annotations

from sqlalchemy import select

from cornerspot.activity.recording import record
from cornerspot.billing.allocating import release
from cornerspot.billing.deal_billing import release_deal_lines
from cornerspot.billing.locking import lock_invoice
from cornerspot.billing.models import Invoice, Payment, PaymentAllocation
from cornerspot.billing.online.attempts import close_live_attempts
from cornerspot.billing.online.exceptions import in_words
from cornerspot.billing.refunding import refund_payment
from cornerspot.billing.states import INVOICE, InvoiceStatus
from cornerspot.billing.transitions import note_transition
from cornerspot.db import session
from cornerspot.kit.errors import Conflict
from cornerspot.kit.money import Money
from cornerspot.people.actors import Actor
from cornerspot.people.permissions import Permission
from cornerspot.plans.entitlements import require_feature
from cornerspot.plans.features import Feature

NOTHING_OWED = "Nothing was owed on this invoice, so there is nothing to void. Duplicate it to correct it."
MONEY_COLLECTED = "Money was collected on this invoice. Choose: refund it, or keep it as the customer's credit."
REFUND, CREDIT = "refund", "credit"


def void_invoice(invoice: Invoice, *, by: Actor, reason: str = "", money: str = "") -> None:
    """The invoice is void, nothing is owed on it, and its deal's lines can be billed again; flushed.

    ``money`` says what becomes of what was collected: ``refund`` or ``credit``. Raises
    IllegalTransition, Conflict while a payment is under way or the choice is missing,
    PermissionDenied, FeatureMissing.
    """
    by.require(Permission.VOID_INVOICES)
    require_feature(Feature.BILLING)
    lock_invoice(invoice, deal_first=True)
    _require_voidable(invoice, money)
    close_live_attempts(invoice)
    freed = _free_money(invoice, by=by)
    before = invoice.status
    invoice.void()
    note_transition(invoice, before, by=by, reason=reason)
    released = release_deal_lines(invoice)
    kept = {"money": money, "amount_minor": sum(minor for _, minor in freed), "currency": invoice.currency}
    record(invoice, "voided", by=by, reason=reason, released_lines=released, **(kept if freed else {}))
    if money == REFUND:
        for payment, minor in freed:
            _send_back(payment, minor, invoice, by=by)
    session.flush()


def _require_voidable(invoice: Invoice, money: str) -> None:
    status = InvoiceStatus(invoice.status)
    has_money = invoice.paid_minor > 0 and status in (InvoiceStatus.PARTIALLY_PAID, InvoiceStatus.PAID)
    if invoice.processing_minor > 0 and status != InvoiceStatus.VOID:
        amount = in_words(invoice.processing_minor, invoice.currency)
        raise Conflict(f"A payment of {amount} is under way. Wait until it has settled or failed, then void.")
    if status == InvoiceStatus.PAID and not has_money:
        raise Conflict(NOTHING_OWED)
    if has_money and money not in (REFUND, CREDIT):
        raise Conflict(MONEY_COLLECTED)
    if not has_money:
        INVOICE.require(status, InvoiceStatus.VOID)


def _free_money(invoice: Invoice, *, by: Actor) -> list[tuple[Payment, int]]:
    """What settled the invoice is the customer's credit; how much of which payment."""
    if not invoice.paid_minor:
        return []
    payments = session.scalars(
        select(Payment)
        .join(PaymentAllocation, PaymentAllocation.payment_id == Payment.id)
        .where(PaymentAllocation.invoice_id == invoice.id, PaymentAllocation.released_at.is_(None))
        .order_by(Payment.id)
        .with_for_update(of=Payment)
        .execution_options(populate_existing=True)
    ).all()
    freed = []
    for payment in payments:
        before = payment.credit_minor
        release(payment, invoice, by=by, reason="To void the invoice")
        freed.append((payment, payment.credit_minor - before))
    return freed


def _send_back(payment: Payment, minor: int, invoice: Invoice, *, by: Actor) -> None:
    """Once per invoice and payment, because an invoice is voided once."""
    if minor > 0:
        refund_payment(
            payment,
            Money(minor, payment.currency),
            still_owed=False,
            reason=f"{invoice.number} was voided",
            by=by,
            request_key=f"void:{invoice.id}:{payment.id}",
        )
