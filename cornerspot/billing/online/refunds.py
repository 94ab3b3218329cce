"""Refunds as the processor has them, ours and those of its dashboard, brought into our books."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from cornerspot.activity.recording import record
from cornerspot.billing.allocating import give_back, take_back
from cornerspot.billing.models import Invoice, Payment, PaymentReturn, Refund
from cornerspot.billing.models.online import LedgerKind, RefundStatus
from cornerspot.billing.online.exceptions import in_words, report
from cornerspot.billing.online.ledger import enter
from cornerspot.db import session
from cornerspot.kit import clock
from cornerspot.kit.money import Money
from cornerspot.payments.provider import RefundSnapshot
from cornerspot.people.actors import SYSTEM

S = RefundStatus
_RANK = {S.REQUESTED: 0, S.PENDING: 1, S.REQUIRES_ACTION: 1, S.SUCCEEDED: 2, S.FAILED: 3, S.CANCELED: 3}


def book_refund(payment: Payment, told: RefundSnapshot, invoices: dict[UUID, Invoice]) -> Refund | None:
    """Our books know of the refund what the processor knows; the caller holds invoices and payment.

    Money counts as gone from the moment the processor has the refund, and as back when
    the refund fails. None for a status that nobody here knows.
    """
    if told.status not in _RANK:
        report(
            "unknown_status",
            f"Stripe says “{told.status}” of a refund of {in_words(told.amount.minor, told.amount.currency)}, "
            "which Cornerspot does not know. Look at it in Stripe.",
            dedupe_key=f"{told.id}:{told.status}",
            payment=payment,
            stripe_object_id=told.id,
        )
        return None
    refund = _row_of(payment, told)
    _book_departure(payment, refund, told, invoices)
    if told.has_come_back:
        _book_comeback(payment, refund, told, invoices)
    if _RANK[S(told.status)] > _RANK[S(refund.status)]:
        refund.status, refund.failure = told.status, told.failure
        refund.ended_at = clock.now() if told.status not in (S.PENDING, S.REQUIRES_ACTION) else None
    session.flush()
    return refund


def _row_of(payment: Payment, told: RefundSnapshot) -> Refund:
    """The refund's row: by our id that it carries, by the processor's id, or a new one of the dashboard."""
    known = select(Refund).where(Refund.payment_id == payment.id)
    refund = session.scalars(
        known.where(Refund.stripe_refund_id == told.id), execution_options={"populate_existing": True}
    ).one_or_none()
    ours = _as_uuid(told.reference)
    if refund is None and ours is not None:
        refund = session.scalars(
            known.where(Refund.id == ours, Refund.stripe_refund_id.is_(None)),
            execution_options={"populate_existing": True},
        ).one_or_none()
    if refund is None:
        refund = Refund(
            payment_id=payment.id,
            account_id=payment.account_id,
            amount_minor=told.amount.minor,
            currency=payment.currency,
            origin="dashboard",
            reason="Made in Stripe's dashboard",
        )
        session.add(refund)
    refund.stripe_refund_id, refund.amount_minor = told.id, told.amount.minor
    session.flush()
    return refund


def _book_departure(payment: Payment, refund: Refund, told: RefundSnapshot, invoices: dict[UUID, Invoice]) -> None:
    gone = Money(-told.amount.minor, told.amount.currency)
    if not enter(payment, LedgerKind.REFUND, gone, source_key=told.id, happened_at=told.created_at):
        return
    left = take_back(
        payment,
        refund,
        told.amount.minor,
        invoices,
        still_owed=refund.still_owed,
        by=SYSTEM,
        first=refund.asked_invoice_id,
    )
    refund.booked_at = clock.now()
    for invoice, amount in taken_from(refund, invoices):
        record(invoice, "refunded", by=SYSTEM, amount_minor=amount, currency=payment.currency, reason=refund.reason)
    if left:
        report(
            "over_returned",
            f"{in_words(told.amount.minor, payment.currency)} of a payment was refunded, which is "
            f"{in_words(left, payment.currency)} more than was left of it. Compare both in Stripe.",
            dedupe_key=told.id,
            payment=payment,
            stripe_object_id=told.id,
        )


def _book_comeback(payment: Payment, refund: Refund, told: RefundSnapshot, invoices: dict[UUID, Invoice]) -> None:
    if not enter(payment, LedgerKind.REFUND_RETURNED, told.amount, source_key=told.id, happened_at=clock.now()):
        return
    concerned = taken_from(refund, invoices)
    give_back(payment, refund, told.amount.minor, invoices, by=SYSTEM)
    for invoice, amount in concerned:
        record(invoice, "refund_failed", by=SYSTEM, amount_minor=amount, currency=payment.currency, reason=told.failure)
    why = f" ({told.failure})" if told.failure else ""
    report(
        "refund_failed",
        f"A refund of {in_words(told.amount.minor, payment.currency)} did not reach the customer{why}; "
        "the money is back on your Stripe balance. Refund it another way, or keep it as credit.",
        dedupe_key=told.id,
        payment=payment,
        invoice=concerned[0][0] if concerned else None,
        stripe_object_id=told.id,
    )


def taken_from(refund: Refund, invoices: dict[UUID, Invoice]) -> list[tuple[Invoice, int]]:
    """The invoices that the refund's money settled, with how much of it, in minor units."""
    rows = session.scalars(
        select(PaymentReturn)
        .where(PaymentReturn.refund_id == refund.id, PaymentReturn.reverted_at.is_(None))
        .order_by(PaymentReturn.id)
    )
    return [(invoices[row.invoice_id], row.amount_minor) for row in rows if row.invoice_id in invoices]


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
