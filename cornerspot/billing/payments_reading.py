"""Reading the payments of one invoice: what came, what of it settles this one, and what went back."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, any_, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from cornerspot.billing.crediting import credit_by_currency
from cornerspot.billing.models import CheckoutAttempt, Dispute, Invoice, Payment, PaymentAllocation, Refund
from cornerspot.billing.models.online import RefundStatus
from cornerspot.billing.models.payment import PaymentStatus
from cornerspot.db import session
from cornerspot.payments.models import ProcessorAccount


@dataclass(frozen=True)
class RefundSeen:
    """A refund under its payment; ``at`` is when the money left the books, or when it was asked for."""

    at: datetime
    amount_minor: int
    status: str
    origin: str
    reason: str
    failure: str


@dataclass(frozen=True)
class DisputeSeen:
    """A dispute under its payment."""

    stripe_dispute_id: str
    opened_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    amount_minor: int
    withdrawn_minor: int
    status: str
    reason: str
    is_refundable: bool


@dataclass(frozen=True)
class PaymentOnInvoice:
    """A payment as one invoice sees it; amounts in minor units.

    ``amount_minor`` is what came for this invoice, ``settling_minor`` what of it settles it
    now, ``left_minor`` the part of that which was not refunded. ``is_credit``: the money came
    for another invoice.
    """

    payment: Payment
    amount_minor: int
    settling_minor: int
    left_minor: int
    is_credit: bool
    livemode: bool = True
    refunds: list[RefundSeen] = field(default_factory=list)
    disputes: list[DisputeSeen] = field(default_factory=list)

    @property
    def status(self) -> str:
        """The word for it on screen: completed, processing, failed, canceled, refunded, disputed or undone."""
        if self.payment.status != PaymentStatus.COMPLETED:
            return self.payment.status
        if any(dispute.withdrawn_minor for dispute in self.disputes):
            return "disputed"
        return "refunded" if self.payment.refunded_minor >= self.payment.amount_minor else "completed"

    @property
    def refundable_minor(self) -> int:
        """What could be refunded now, less what is asked for already; nothing while the bank has the money."""
        if any(one.withdrawn_minor or (one.closed_at is None and not one.is_refundable) for one in self.disputes):
            return 0
        asked = sum(one.amount_minor for one in self.refunds if one.status == RefundStatus.REQUESTED)
        return max(self.payment.refundable_minor - asked, 0)

    @property
    def can_be_undone(self) -> bool:
        """Whether it was recorded by hand and nothing has come of it since."""
        completed = self.payment.status == PaymentStatus.COMPLETED
        return completed and not self.payment.is_online and not self.payment.refunded_minor and not self.is_credit


@dataclass(frozen=True)
class InvoiceMoney:
    """All payments of an invoice, the newest first, and the free credit of its customer in its currency."""

    payments: list[PaymentOnInvoice]
    credit_minor: int


def money_of(invoice: Invoice) -> InvoiceMoney:
    """The payments of an invoice, failed and undone ones too, and its customer's credit; one statement."""
    rows = session.execute(_statement(invoice)).all()
    payments = [_seen(invoice, *row[1:]) for row in rows if row[1] is not None]
    return InvoiceMoney(payments, int(rows[0][0] or 0) if rows else 0)


def _statement(invoice: Invoice) -> Select[Any]:
    """One row for each payment, or a single one with the credit alone."""
    settled = (
        select(
            PaymentAllocation.payment_id,
            func.sum(PaymentAllocation.amount_minor).filter(PaymentAllocation.released_at.is_(None)).label("live"),
            func.sum(PaymentAllocation.refunded_minor).filter(PaymentAllocation.released_at.is_(None)).label("gone"),
            func.max(PaymentAllocation.amount_minor).label("most"),
        )
        .where(PaymentAllocation.invoice_id == invoice.id)
        .group_by(PaymentAllocation.payment_id)
        .subquery()
    )
    # As an array: of a join, PostgreSQL expects all payments of a team that none of its payments came online to.
    attempts = select(CheckoutAttempt.id).where(CheckoutAttempt.invoice_id == invoice.id).scalar_subquery()
    asked = select(Payment.id.label("payment_id")).where(Payment.attempt_id == any_(func.array(attempts)))
    concerned = select(settled.c.payment_id).union(asked).subquery()
    credit = credit_by_currency(invoice.account_id).subquery()
    free = select(credit.c.free).where(credit.c.currency == invoice.currency).scalar_subquery()
    return (
        select(
            free,
            Payment,
            settled.c.live,
            settled.c.gone,
            settled.c.most,
            _came_for(),
            ProcessorAccount.livemode,
            _refunds(),
            _disputes(),
        )
        .select_from(Invoice)
        .outerjoin(concerned, concerned.c.payment_id.is_not(None))
        .outerjoin(Payment, Payment.id == concerned.c.payment_id)
        .outerjoin(settled, settled.c.payment_id == Payment.id)
        .outerjoin(ProcessorAccount, ProcessorAccount.id == Payment.processor_account_id)
        .where(Invoice.id == invoice.id)
        .order_by(Payment.received_on.desc(), Payment.id.desc())
    )


def _came_for() -> ColumnElement[Any]:
    """The invoice that the payment was made for: the one it was asked for on, or the first it settled."""
    asked = (
        select(CheckoutAttempt.invoice_id)
        .where(CheckoutAttempt.id == Payment.attempt_id)
        .correlate(Payment)
        .scalar_subquery()
    )
    first = (
        select(PaymentAllocation.invoice_id)
        .where(PaymentAllocation.payment_id == Payment.id)
        .order_by(PaymentAllocation.id)
        .limit(1)
        .correlate(Payment)
        .scalar_subquery()
    )
    return func.coalesce(asked, first)


def _refunds() -> ColumnElement[Any]:
    """The payment's refunds as JSON, the oldest first."""
    one = func.jsonb_build_object(
        "at", func.coalesce(Refund.booked_at, Refund.created_at), "amount_minor", Refund.amount_minor,
        "status", Refund.status, "origin", Refund.origin, "reason", Refund.reason, "failure", Refund.failure,
    )  # fmt: skip
    listed = select(func.jsonb_agg(aggregate_order_by(one, Refund.created_at, Refund.id)))
    return listed.where(Refund.payment_id == Payment.id).correlate(Payment).scalar_subquery()


def _disputes() -> ColumnElement[Any]:
    """The payment's disputes as JSON, the oldest first."""
    one = func.jsonb_build_object(
        "stripe_dispute_id", Dispute.stripe_dispute_id, "opened_at", Dispute.opened_at, "due_at", Dispute.due_at,
        "closed_at", Dispute.closed_at, "amount_minor", Dispute.amount_minor,
        "withdrawn_minor", Dispute.withdrawn_minor, "status", Dispute.status, "reason", Dispute.reason,
        "is_refundable", Dispute.is_refundable,
    )  # fmt: skip
    listed = select(func.jsonb_agg(aggregate_order_by(one, Dispute.opened_at, Dispute.id)))
    return listed.where(Dispute.payment_id == Payment.id).correlate(Payment).scalar_subquery()


def _seen(
    invoice: Invoice,
    payment: Payment,
    live: int | None,
    gone: int | None,
    most: int | None,
    came_for: UUID | None,
    livemode: bool | None,
    refunds: list[dict[str, Any]] | None,
    disputes: list[dict[str, Any]] | None,
) -> PaymentOnInvoice:
    is_credit = came_for is not None and came_for != invoice.id
    seen = PaymentOnInvoice(
        payment, payment.amount_minor, int(live or 0), int((live or 0) - (gone or 0)), is_credit, livemode is not False
    )
    return replace(
        seen,
        amount_minor=int(live or most or 0) if is_credit else payment.amount_minor,
        refunds=[RefundSeen(**_with_moments(one)) for one in refunds or []],
        disputes=[DisputeSeen(**_with_moments(one)) for one in disputes or []],
    )


def _with_moments(found: dict[str, Any]) -> dict[str, Any]:
    """JSON's texts as the moments they are."""
    moments = {name for name in found if name == "at" or name.endswith("_at")}
    return {
        name: datetime.fromisoformat(value) if name in moments and value is not None else value
        for name, value in found.items()
    }
