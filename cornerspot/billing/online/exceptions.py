"""Exceptions: surprises about money that a person of the team must look at, each told once."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, literal, select
from sqlalchemy.dialects.postgresql import insert

from cornerspot.billing.models import Invoice, Payment, PaymentException
from cornerspot.db import session
from cornerspot.db.locks import lock
from cornerspot.kit import clock
from cornerspot.kit.money import Money
from cornerspot.kit.money_text import format_money
from cornerspot.people.actors import Actor
from cornerspot.people.permissions import Permission
from cornerspot.tenancy import current_team

# What the page calls each kind.
TITLES = {
    "overpayment": "Overpaid",
    "paid_after_void": "Paid after void",
    "paid_after_change": "Paid after the amount changed",
    "amount_mismatch": "Other amount than asked for",
    "account_mismatch": "Paid on another Stripe account",
    "second_payment": "Two payments of one page",
    "over_returned": "More went back than had come",
    "unknown_status": "Unknown status at Stripe",
    "dispute_opened": "Disputed",
    "dispute_lost": "Dispute lost",
    "refund_failed": "Refund failed",
    "event_stuck": "Message of Stripe not followed",
    "disconnected": "Stripe disconnected",
    "not_in_books": "Not in our books",
    "books_differ": "Books differ from Stripe",
}
MOST_COUNTED = 99


def report(
    kind: str,
    message: str,
    *,
    dedupe_key: str,
    payment: Payment | None = None,
    invoice: Invoice | None = None,
    stripe_object_id: str = "",
) -> bool:
    """The surprise is on the team's list; whether it is new there. Told once for each ``dedupe_key``."""
    session.flush()  # What it speaks of may be new.
    statement = insert(PaymentException).values(
        kind=kind,
        dedupe_key=f"{kind}:{dedupe_key}",
        message=message,
        stripe_object_id=stripe_object_id or (payment.stripe_payment_id or "" if payment else ""),
        invoice_id=invoice.id if invoice is not None else None,
        payment_id=payment.id if payment is not None else None,
    )
    written = session.execute(statement.on_conflict_do_nothing().returning(PaymentException.id))
    return written.scalar_one_or_none() is not None


def resolve_exception(exception: PaymentException, *, by: Actor) -> None:
    """Somebody has looked at it; a second time changes nothing. Raises PermissionDenied."""
    by.require(Permission.UNDO_PAYMENTS)
    lock(exception)
    if exception.resolved_at is None:
        exception.resolved_at, exception.resolved_by = clock.now(), by.membership_id
    session.flush()


def reopen_exception(exception: PaymentException, *, by: Actor) -> None:
    """It is on the open list again. Raises PermissionDenied."""
    by.require(Permission.UNDO_PAYMENTS)
    lock(exception)
    exception.resolved_at = exception.resolved_by = None
    session.flush()


def count_open_exceptions() -> int:
    """How many wait for somebody, counted up to ``MOST_COUNTED``; one statement."""
    some = select(literal(1)).select_from(PaymentException).where(PaymentException.resolved_at.is_(None))
    limited = some.limit(MOST_COUNTED).subquery()
    return session.scalar(select(func.count()).select_from(limited)) or 0


def in_words(amount_minor: int, currency: str) -> str:
    """An amount as the team writes it."""
    return format_money(Money(amount_minor, currency), current_team().locale)


def exceptions_of(payment_ids: list[UUID]) -> list[PaymentException]:
    """What somebody must look at about these payments, the newest first."""
    statement = select(PaymentException).where(
        PaymentException.payment_id.in_(payment_ids), PaymentException.resolved_at.is_(None)
    )
    return list(session.scalars(statement.order_by(PaymentException.id.desc())))
