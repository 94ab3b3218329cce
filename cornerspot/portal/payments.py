"""An account's payments as its members read them: what was recorded by mistake never was."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, select

from cornerspot.billing.models import CheckoutAttempt, Invoice, Payment, PaymentAllocation, Refund
from cornerspot.billing.models.online import RefundStatus
from cornerspot.billing.models.payment import PaymentStatus
from cornerspot.db import session
from cornerspot.db.keyset import SortKey, day_key, keyset_page
from cornerspot.kit.errors import NotFound
from cornerspot.kit.paging import Page

S = PaymentStatus
PAGE_SIZE = 25
RECENT = 4
SHOWN = (S.COMPLETED, S.PROCESSING, S.FAILED)
_NEWEST = SortKey(Payment.received_on, lambda row: row.received_on, day_key, descending=True)
_REFUNDS = (RefundStatus.REQUESTED, RefundStatus.PENDING, RefundStatus.REQUIRES_ACTION, RefundStatus.SUCCEEDED)


@dataclass(frozen=True)
class SettledPart:
    """The part of a payment that settles an invoice, in minor units."""

    invoice_id: UUID
    number: str
    amount_minor: int


@dataclass(frozen=True)
class NamedInvoice:
    """An invoice by its number."""

    id: UUID
    number: str


def payment_state(payment: Payment) -> str:
    """What its payer calls it: completed, processing, failed, refunded or disputed."""
    if payment.status == S.COMPLETED and payment.refunded_minor >= payment.amount_minor:
        return "refunded"
    if payment.status == S.COMPLETED and payment.disputed_minor:
        return "disputed"
    return payment.status


def has_receipt(payment: Payment) -> bool:
    """Whether the money arrived and the bank left some of it, so that there is something to receipt."""
    return payment.status == S.COMPLETED and payment.disputed_minor < payment.amount_minor


def member_payments_page(account_id: UUID, *, cursor: str | None = None) -> Page[Payment]:
    """A page of the account's payments, the newest first."""
    return keyset_page(_shown(account_id), Payment, _NEWEST, cursor=cursor, size=PAGE_SIZE)


def recent_payments(account_id: UUID) -> list[Payment]:
    """The newest payments, at most four."""
    statement = _shown(account_id).order_by(Payment.received_on.desc(), Payment.id.desc())
    return list(session.scalars(statement.limit(RECENT)))


def member_payment(account_id: UUID, payment_id: UUID) -> Payment:
    """The account's payment; raises NotFound."""
    found = session.scalars(_shown(account_id).where(Payment.id == payment_id)).one_or_none()
    if found is None:
        raise NotFound()
    return found


def settled_parts(payments: Iterable[Payment]) -> dict[UUID, list[SettledPart]]:
    """What the payments settle, by payment, in one statement; those that settle nothing are left out."""
    ids = [payment.id for payment in payments]
    if not ids:
        return {}
    rows = session.execute(
        select(PaymentAllocation.payment_id, Invoice.id, Invoice.number, PaymentAllocation.amount_minor)
        .join(Invoice, Invoice.id == PaymentAllocation.invoice_id)
        .where(PaymentAllocation.payment_id.in_(ids), PaymentAllocation.released_at.is_(None))
        .order_by(PaymentAllocation.id)
    )
    found: dict[UUID, list[SettledPart]] = {}
    for payment_id, invoice_id, number, amount_minor in rows:
        found.setdefault(payment_id, []).append(SettledPart(invoice_id, number or "", amount_minor))
    return found


def invoices_of(payments: Sequence[Payment]) -> dict[UUID, list[NamedInvoice]]:
    """The invoices that the payments are for, by payment.

    Those that a payment settles; where it settles none (yet, or any more), what it settled
    before, or what it was made for.
    """
    found = {
        payment_id: [NamedInvoice(part.invoice_id, part.number) for part in parts]
        for payment_id, parts in settled_parts(payments).items()
    }
    others = [payment.id for payment in payments if payment.id not in found]
    if not others:
        return found
    settled = select(PaymentAllocation.payment_id, PaymentAllocation.invoice_id).where(
        PaymentAllocation.payment_id.in_(others)
    )
    asked = (
        select(Payment.id, CheckoutAttempt.invoice_id)
        .join(CheckoutAttempt, CheckoutAttempt.id == Payment.attempt_id)
        .where(Payment.id.in_(others))
    )
    meant = settled.union(asked).subquery()
    rows = session.execute(
        select(meant.c.payment_id, Invoice.id, Invoice.number)
        .join(Invoice, Invoice.id == meant.c.invoice_id)
        .order_by(Invoice.number)
    )
    for payment_id, invoice_id, number in rows:
        found.setdefault(payment_id, []).append(NamedInvoice(invoice_id, number or ""))
    return found


def refunds_of(payment: Payment) -> Sequence[Refund]:
    """What went back of a payment, or is on its way back, the newest first."""
    statement = select(Refund).where(Refund.payment_id == payment.id, Refund.status.in_(_REFUNDS))
    return session.scalars(statement.order_by(Refund.id.desc())).all()


def _shown(account_id: UUID) -> Select[Payment]:
    return select(Payment).where(Payment.account_id == account_id, Payment.status.in_(SHOWN))
