"""Money: what invoices and payments say of themselves against allocations, returns, refunds and the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select

from cornerspot.billing.checking.findings import Finding, differences, invoice_name, payment_name, stream
from cornerspot.billing.models import (
    CheckoutAttempt,
    Dispute,
    Invoice,
    LedgerEntry,
    Payment,
    PaymentAllocation,
    PaymentReturn,
    Refund,
)
from cornerspot.billing.models.online import LedgerKind, RefundStatus
from cornerspot.billing.models.payment import PaymentStatus

_LIVE = PaymentAllocation.released_at.is_(None)
_STAYS_GONE = PaymentReturn.reverted_at.is_(None)
_COUNTS = Payment.status == PaymentStatus.COMPLETED


def check_invoices_paid() -> Iterator[Finding]:
    """What is paid, refunded and under way of every invoice, by the payments."""
    paid = _sums(PaymentAllocation.invoice_id, PaymentAllocation.amount_minor, _LIVE).subquery()
    by_refunds = and_(_STAYS_GONE, PaymentReturn.refund_id.is_not(None), PaymentReturn.invoice_id.is_not(None))
    refunded = _sums(PaymentReturn.invoice_id, PaymentReturn.amount_minor, by_refunds).subquery()
    under_way = _under_way().subquery()
    pairs = {
        "paid_minor": (_of(paid), Invoice.paid_minor),
        "refunded_minor": (_of(refunded), Invoice.refunded_minor),
        "processing_minor": (_of(under_way), Invoice.processing_minor),
    }
    statement = select(Invoice.id, Invoice.number, *_columns(pairs)).where(_differ(pairs))
    for part in (paid, refunded, under_way):
        statement = statement.outerjoin(part, part.c.key == Invoice.id)
    for row in stream(statement):
        yield from differences(invoice_name(row.id, row.number), _read(row, pairs))


def check_payments() -> Iterator[Finding]:
    """The parts of every payment, and that they are what the ledger says."""
    yield from _check_parts()
    yield from _check_ledger()
    yield from _check_negative()
    yield from _check_allocations()


def _check_parts() -> Iterator[Finding]:
    allocated = _sums(PaymentAllocation.payment_id, PaymentAllocation.amount_minor, _LIVE).subquery()
    # What was refunded of an invoice that stays paid is still a part of its allocation.
    kept = _sums(PaymentAllocation.payment_id, PaymentAllocation.refunded_minor, _LIVE).subquery()
    taken = _sums(PaymentReturn.payment_id, PaymentReturn.amount_minor, _STAYS_GONE).subquery()
    booked = and_(Refund.booked_at.is_not(None), Refund.status.not_in((RefundStatus.FAILED, RefundStatus.CANCELED)))
    refunded = _sums(Refund.payment_id, Refund.amount_minor, booked).subquery()
    disputed = _sums(Dispute.payment_id, Dispute.withdrawn_minor, Dispute.withdrawn_minor > 0).subquery()
    returned = _of(taken) - _of(kept)
    arrived = case((_COUNTS, Payment.amount_minor), else_=0)
    pairs = {
        "allocated_minor": (_of(allocated), Payment.allocated_minor),
        "returned_minor": (returned, Payment.returned_minor),
        "credit_minor": (arrived - _of(allocated) - returned, Payment.credit_minor),
        "refunded_minor": (_of(refunded), Payment.refunded_minor),
        "disputed_minor": (_of(disputed), Payment.disputed_minor),
    }
    statement = select(Payment.id, *_columns(pairs)).where(_differ(pairs))
    for part in (allocated, kept, taken, refunded, disputed):
        statement = statement.outerjoin(part, part.c.key == Payment.id)
    for row in stream(statement):
        yield from differences(payment_name(row.id), _read(row, pairs))


def _check_ledger() -> Iterator[Finding]:
    """What the processor moved is what the payment brought, less what went back."""
    moved = _sums(LedgerEntry.payment_id, LedgerEntry.amount_minor, LedgerEntry.kind != LedgerKind.FEE).subquery()
    brought = case((_COUNTS, Payment.amount_minor - Payment.refunded_minor - Payment.disputed_minor), else_=0)
    pairs = {"the sum of its ledger": (brought, _of(moved))}
    statement = (
        select(Payment.id, *_columns(pairs))
        .outerjoin(moved, moved.c.key == Payment.id)
        .where(Payment.stripe_payment_id.is_not(None), _differ(pairs))
    )
    for row in stream(statement):
        yield from differences(payment_name(row.id), _read(row, pairs))


def _check_negative() -> Iterator[Finding]:
    for row in stream(select(Payment.id, Payment.credit_minor).where(Payment.credit_minor < 0)):
        yield Finding(payment_name(row.id), "the customer's credit", "nothing or more", str(row.credit_minor))


def _check_allocations() -> Iterator[Finding]:
    """Only money that is there settles an invoice, in its currency."""
    statement = (
        select(Payment.id, Payment.status, Payment.currency, Invoice.currency.label("asked"), Invoice.number)
        .join(PaymentAllocation, PaymentAllocation.payment_id == Payment.id)
        .join(Invoice, Invoice.id == PaymentAllocation.invoice_id)
        .where(_LIVE, or_(~_COUNTS, Payment.currency != Invoice.currency))
    )
    for row in stream(statement):
        record = f"{payment_name(row.id)} on invoice {row.number}"
        yield from differences(record, {"status": ("completed", row.status), "currency": (row.asked, row.currency)})


def _under_way() -> Select[*tuple[Any, ...]]:
    return (
        select(CheckoutAttempt.invoice_id.label("key"), func.sum(Payment.amount_minor).label("total"))
        .join(Payment, Payment.attempt_id == CheckoutAttempt.id)
        .join(Invoice, Invoice.id == CheckoutAttempt.invoice_id)
        .where(Payment.status == PaymentStatus.PROCESSING, Payment.currency == Invoice.currency)
        .group_by(CheckoutAttempt.invoice_id)
    )


def _sums(key: Any, amount: Any, where: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    return select(key.label("key"), func.sum(amount).label("total")).where(where).group_by(key)


def _of(part: Any) -> ColumnElement[int]:
    return func.coalesce(part.c.total, 0)


def _columns(pairs: dict[str, tuple[Any, Any]]) -> list[Any]:
    return [
        column.label(f"{side}{at}")
        for at, pair in enumerate(pairs.values())
        for side, column in zip("ea", pair, strict=True)
    ]


def _differ(pairs: dict[str, tuple[Any, Any]]) -> ColumnElement[bool]:
    return or_(*(expected != actual for expected, actual in pairs.values()))


def _read(row: Any, pairs: dict[str, tuple[Any, Any]]) -> dict[str, tuple[int, int]]:
    return {name: (int(getattr(row, f"e{at}")), int(getattr(row, f"a{at}"))) for at, name in enumerate(pairs)}
