"""Settling: money that arrived is recorded against an invoice, and can be undone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import cast
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from cornerspot.activity.recording import record
from cornerspot.billing.allocating import allocate, complete, lock_for_money, release, undo
from cornerspot.billing.locking import lock_invoice
from cornerspot.billing.models import Invoice, Payment
from cornerspot.billing.models.payment import METHODS, PaymentStatus
from cornerspot.billing.online.attempts import close_live_attempts
from cornerspot.billing.states import InvoiceStatus
from cornerspot.db import session
from cornerspot.kit.errors import Conflict, Invalid
from cornerspot.kit.money import Money
from cornerspot.kit.money_text import format_money
from cornerspot.people.actors import Actor
from cornerspot.people.permissions import Permission
from cornerspot.plans.entitlements import require_feature
from cornerspot.plans.features import Feature
from cornerspot.tenancy import current_team, team_today

_NOT_PAYABLE = {
    InvoiceStatus.DRAFT: "This invoice is a draft. Finalize it before recording a payment.",
    InvoiceStatus.PAID: "This invoice is already paid.",
    InvoiceStatus.VOID: "This invoice is void; there is nothing to pay.",
    InvoiceStatus.CANCELLED: "This draft was cancelled; there is nothing to pay.",
}

WRITTEN_OFF = "This invoice was written off. Reopen it, then undo the payment."


def record_manual_payment(
    invoice: Invoice,
    *,
    amount_minor: int,
    method: str,
    received_on: date,
    by: Actor,
    request_key: str,
    reference: str = "",
    note: str = "",
) -> Payment:
    """The money is booked and the invoice partially paid or paid, also one that was written off; flushed.

    ``amount_minor`` in the invoice's currency, above zero and at most its balance.
    The same ``request_key`` again (a double click, a retry) gives the first payment;
    with another amount, way or day it is refused, because nothing would be booked.
    Raises Conflict, Invalid, FeatureMissing, PermissionDenied.
    """
    by.require(Permission.RECORD_PAYMENTS)
    require_feature(Feature.BILLING)
    lock_invoice(invoice)
    earlier = _recorded_before(request_key)
    if earlier is not None:
        _require_same(earlier, invoice, amount_minor, method, received_on)
        return earlier
    if not invoice.is_payable:
        raise Conflict(_NOT_PAYABLE[InvoiceStatus(invoice.status)])
    _require_sound(invoice, amount_minor, method, received_on)
    payment = Payment(
        account_id=cast(UUID, invoice.account_id),  # A finalized invoice has a customer.
        amount_minor=amount_minor,
        currency=invoice.currency,
        received_on=received_on,
        method=method,
        reference=reference,
        internal_note=note,
        recorded_by=by.membership_id,
        request_key=request_key,
    )
    complete(payment)
    session.add(payment)
    session.flush()  # A request key that another invoice used meanwhile is refused here.
    allocate(payment, invoice, by=by)
    close_live_attempts(invoice)
    record(invoice, "payment_recorded", by=by, amount_minor=amount_minor, currency=invoice.currency, method=method)
    session.flush()
    return payment


def undo_payment(payment: Payment, *, reason: str, by: Actor) -> None:
    """The payment by hand no longer counts, and what it settled is owed again; row and reason stay.

    Raises Conflict when it was undone or refunded before, or came online; Invalid without a reason.
    """
    by.require(Permission.UNDO_PAYMENTS)
    require_feature(Feature.BILLING)
    if not reason.strip():
        raise Invalid("Say why this payment is undone; it stays on record.", field="reason")
    invoices = lock_for_money(payment)
    _require_undoable(payment, invoices.values())
    for invoice in invoices.values():
        released = release(payment, invoice, by=by, reason=reason.strip())
        if released:
            close_live_attempts(invoice)
            record(
                invoice,
                "payment_undone",
                by=by,
                amount_minor=released,
                currency=payment.currency,
                reason=reason.strip(),
            )
    undo(payment, reason=reason.strip())
    session.flush()


def _require_undoable(payment: Payment, invoices: Iterable[Invoice]) -> None:
    if payment.status == PaymentStatus.UNDONE:
        raise Conflict("This payment was undone already.")
    if payment.is_online:
        raise Conflict("This money came online, so it cannot be undone. Refund it instead.")
    if payment.refunded_minor:
        raise Conflict("A part of this payment was refunded, so it did arrive. It cannot be undone any more.")
    if any(invoice.status == InvoiceStatus.UNCOLLECTIBLE for invoice in invoices):
        raise Conflict(WRITTEN_OFF)


def _recorded_before(request_key: str) -> Payment | None:
    """The payment that this very request made; the invoice's lock makes a second click wait for the first."""
    return session.scalars(
        select(Payment).where(Payment.request_key == request_key).options(selectinload(Payment.allocations))
    ).one_or_none()


def _require_same(earlier: Payment, invoice: Invoice, amount_minor: int, method: str, received_on: date) -> None:
    """Pass when what was sent again is what was recorded; a form from the browser's history may be changed first."""
    recorded = (earlier.amount_minor, earlier.method, earlier.received_on)
    is_here = any(allocation.invoice_id == invoice.id for allocation in earlier.allocations)
    if not is_here or recorded != (amount_minor, method, received_on):
        booked = format_money(Money(earlier.amount_minor, earlier.currency), current_team().locale)
        raise Conflict(f"This form recorded {booked} already. Reload the page to record another payment.")
    if earlier.status != PaymentStatus.COMPLETED:
        raise Conflict("This payment was recorded and undone. Reload the page to record another one.")


def _require_sound(invoice: Invoice, amount_minor: int, method: str, received_on: date) -> None:
    if amount_minor <= 0:
        raise Invalid("Enter an amount above zero.", field="amount")
    if amount_minor > invoice.balance_minor:
        owed = format_money(Money(invoice.balance_minor, invoice.currency), current_team().locale)
        raise Invalid(f"Only {owed} is outstanding. Enter that or less.", field="amount")
    if method not in METHODS:
        raise Invalid("Choose how the money arrived.", field="method")
    if received_on > team_today():
        raise Invalid("The date is after today. Enter the day the money arrived.", field="received_on")
