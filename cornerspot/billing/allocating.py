"""Where the money of a payment lies: on invoices, with the customer as credit, or gone back.

The only place that moves money between the three. Every function keeps::

    payment.amount = allocated + credit + returned        (completed payments)
    invoice.paid   = the live allocations on it

which the database checks too. Callers hold the locks: the invoices first, in the order of their
ids, then the payment; ``lock_for_money`` takes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import select

from cornerspot.billing.locking import lock_invoice
from cornerspot.billing.models import (
    CheckoutAttempt,
    Dispute,
    Invoice,
    Payment,
    PaymentAllocation,
    PaymentReturn,
    Refund,
)
from cornerspot.billing.models.payment import PaymentStatus
from cornerspot.billing.transitions import note_transition
from cornerspot.db import session
from cornerspot.db.locks import lock
from cornerspot.kit import clock
from cornerspot.people.actors import Actor

_ANEW = {"populate_existing": True}  # A page that was read before the lock is no ground to act on.


def lock_for_money(
    payment: Payment, *, also: Iterable[UUID] = (), attempt: CheckoutAttempt | None = None
) -> dict[UUID, Invoice]:
    """Hold every invoice the payment settles or settled, those named in ``also``, the attempt, then the payment.

    An invoice that the payment came to settle while we waited is held last. Two who meet
    that way are a deadlock, which PostgreSQL ends and the edge tries again.
    """
    session.flush()
    invoices = {invoice_id: _locked(invoice_id) for invoice_id in sorted(_concerned(payment) | set(also))}
    if attempt is not None:
        lock(attempt)
    lock(payment)
    for invoice_id in sorted(_concerned(payment) - invoices.keys()):
        invoices[invoice_id] = _locked(invoice_id)
    return invoices


def complete(payment: Payment) -> None:
    """The payment's money is there: all of it is the customer's credit, until it is allocated."""
    payment.status, payment.credit_minor = PaymentStatus.COMPLETED, payment.amount_minor
    payment.settled_at = payment.settled_at or clock.now()


def undo(payment: Payment, *, reason: str) -> None:
    """The payment never was: nothing of it settles anything any more."""
    payment.status, payment.credit_minor = PaymentStatus.UNDONE, 0
    payment.undone_at, payment.undo_reason = clock.now(), reason


def allocate(payment: Payment, invoice: Invoice, *, by: Actor, at_most: int | None = None, reason: str = "") -> int:
    """Settle as much of the invoice as credit and balance allow, at most ``at_most``; the minor units it took.

    Nothing for an invoice that takes no money (draft, void) or another currency.
    """
    if not invoice.is_payable or invoice.currency != payment.currency:
        return 0
    amount = min(payment.credit_minor, invoice.balance_minor)
    amount = amount if at_most is None else min(amount, at_most)
    if amount <= 0:
        return 0
    live = _live_on(payment, invoice)
    if live is None:
        session.add(PaymentAllocation(payment_id=payment.id, invoice_id=invoice.id, amount_minor=amount))
    else:
        live.amount_minor += amount
    payment.credit_minor, payment.allocated_minor = payment.credit_minor - amount, payment.allocated_minor + amount
    _settle(invoice, invoice.paid_minor + amount, by=by, reason=reason)
    return amount


def release(payment: Payment, invoice: Invoice, *, by: Actor, reason: str = "") -> int:
    """The payment no longer settles the invoice; what had not been refunded is credit. The minor units released.

    The invoice is open or partially paid again. What had been refunded without being
    asked for again is gone, and what it settled is now owed.
    """
    live = _live_on(payment, invoice)
    if live is None:
        return 0
    amount, refunded = live.amount_minor, live.refunded_minor
    live.released_at = clock.now()
    payment.allocated_minor -= amount
    payment.credit_minor += amount - refunded
    payment.returned_minor += refunded
    for taken in _returns(payment):
        if taken.invoice_id == invoice.id and not taken.still_owed:
            taken.still_owed = True
    _settle(invoice, invoice.paid_minor - amount, by=by, reason=reason)
    return amount


def take_back(
    payment: Payment,
    cause: Refund | Dispute,
    amount_minor: int,
    invoices: dict[UUID, Invoice],
    *,
    still_owed: bool,
    by: Actor,
    first: UUID | None = None,
) -> int:
    """Money went back to the customer: from ``first`` if given, then credit, then the newest allocations.

    ``still_owed`` decides whether the invoices ask for it again. Gives what could not be
    taken because no more had arrived, in minor units: a surprise for a person to look at.
    """
    left = amount_minor
    newest = sorted(_allocations(payment), key=lambda row: row.id, reverse=True)
    chosen = [row for row in newest if row.invoice_id == first]
    for allocation in chosen:
        left -= _take_allocated(payment, cause, allocation, left, invoices, still_owed=still_owed, by=by)
    left -= _take_credit(payment, cause, left)
    for allocation in newest:
        if allocation not in chosen:
            left -= _take_allocated(payment, cause, allocation, left, invoices, still_owed=still_owed, by=by)
    _count(payment, cause, amount_minor)
    session.flush()
    return left


def give_back(
    payment: Payment,
    cause: Refund | Dispute,
    amount_minor: int,
    invoices: dict[UUID, Invoice],
    *,
    by: Actor,
) -> None:
    """Money that a refund or dispute had taken is back: it settles what it settled before, the rest is credit.

    What had gone beyond what had arrived comes back first, to nobody.
    """
    taken = _returns(payment, cause)
    gone = cause.amount_minor if isinstance(cause, Refund) else cause.withdrawn_minor
    left = amount_minor - max(gone - sum(row.amount_minor for row in taken), 0)
    for row in taken:
        back = min(left, row.amount_minor)
        if back <= 0:
            break
        left -= back
        _revert(payment, row, back, invoices, by=by)
    _count(payment, cause, -amount_minor)
    session.flush()


def _count(payment: Payment, cause: Refund | Dispute, amount_minor: int) -> None:
    """The payment knows how much went, wherever it was taken from."""
    if isinstance(cause, Refund):
        payment.refunded_minor += amount_minor
    else:
        payment.disputed_minor += amount_minor
        cause.withdrawn_minor += amount_minor


def _take_credit(payment: Payment, cause: Refund | Dispute, wanted: int) -> int:
    amount = min(wanted, payment.credit_minor)
    if amount > 0:
        payment.credit_minor, payment.returned_minor = payment.credit_minor - amount, payment.returned_minor + amount
        _note_return(payment, cause, None, amount, still_owed=False)
    return max(amount, 0)


def _take_allocated(
    payment: Payment,
    cause: Refund | Dispute,
    allocation: PaymentAllocation,
    wanted: int,
    invoices: dict[UUID, Invoice],
    *,
    still_owed: bool,
    by: Actor,
) -> int:
    amount = min(wanted, allocation.amount_minor - allocation.refunded_minor)
    if amount <= 0:
        return 0
    invoice = invoices[allocation.invoice_id]
    if still_owed:
        _shrink(allocation, amount)
        payment.allocated_minor -= amount
        payment.returned_minor += amount
        _settle(invoice, invoice.paid_minor - amount, by=by)
    else:
        allocation.refunded_minor += amount
    if isinstance(cause, Refund):
        invoice.refunded_minor += amount
    _note_return(payment, cause, invoice.id, amount, still_owed=still_owed)
    return amount


def _shrink(allocation: PaymentAllocation, amount: int) -> None:
    """The allocation ends, and what stays of it begins anew, so that the rows tell what was when."""
    rest = allocation.amount_minor - amount
    allocation.released_at = clock.now()
    session.flush()  # The unique over live rows lets the next one in only now.
    if rest > 0:
        session.add(
            PaymentAllocation(
                payment_id=allocation.payment_id,
                invoice_id=allocation.invoice_id,
                amount_minor=rest,
                refunded_minor=allocation.refunded_minor,
            )
        )


def _revert(payment: Payment, taken: PaymentReturn, back: int, invoices: dict[UUID, Invoice], *, by: Actor) -> None:
    if back < taken.amount_minor:  # Only a part came back; the rest stays taken.
        taken.amount_minor -= back
    else:
        taken.reverted_at = clock.now()
    invoice = invoices[taken.invoice_id] if taken.invoice_id is not None else None
    if invoice is not None and taken.refund_id is not None:
        invoice.refunded_minor -= back
    kept = _live_on(payment, invoice) if invoice is not None and not taken.still_owed else None
    if kept is not None:
        kept.refunded_minor -= back
        return
    payment.returned_minor -= back
    payment.credit_minor += back
    session.flush()
    if invoice is not None:
        allocate(payment, invoice, by=by, at_most=back)


def _note_return(
    payment: Payment, cause: Refund | Dispute, invoice_id: UUID | None, amount: int, *, still_owed: bool
) -> None:
    session.add(
        PaymentReturn(
            payment_id=payment.id,
            refund_id=cause.id if isinstance(cause, Refund) else None,
            dispute_id=cause.id if isinstance(cause, Dispute) else None,
            invoice_id=invoice_id,
            amount_minor=amount,
            still_owed=still_owed,
        )
    )


def _settle(invoice: Invoice, paid_minor: int, *, by: Actor, reason: str = "") -> None:
    before, paid_before = invoice.status, invoice.paid_minor
    invoice.settle(paid_minor)
    if invoice.status != before or (invoice.is_unpaid and paid_before != paid_minor):
        note_transition(invoice, before, by=by, reason=reason)


def _concerned(payment: Payment) -> set[UUID]:
    """The invoices that the payment settles, or settled once."""
    return {allocation.invoice_id for allocation in _allocations(payment, live=False)}


def _allocations(payment: Payment, *, live: bool = True) -> Sequence[PaymentAllocation]:
    session.flush()  # What is read anew must not overwrite what was not written yet.
    statement = select(PaymentAllocation).where(PaymentAllocation.payment_id == payment.id)
    if live:
        statement = statement.where(PaymentAllocation.released_at.is_(None))
    return session.scalars(statement.order_by(PaymentAllocation.id), execution_options=_ANEW).all()


def _live_on(payment: Payment, invoice: Invoice) -> PaymentAllocation | None:
    return next((row for row in _allocations(payment) if row.invoice_id == invoice.id), None)


def _returns(payment: Payment, cause: Refund | Dispute | None = None) -> Sequence[PaymentReturn]:
    """What was taken of the payment and has not come back, the newest first."""
    session.flush()
    statement = select(PaymentReturn).where(PaymentReturn.payment_id == payment.id, PaymentReturn.reverted_at.is_(None))
    if cause is not None:
        column = PaymentReturn.refund_id if isinstance(cause, Refund) else PaymentReturn.dispute_id
        statement = statement.where(column == cause.id)
    return session.scalars(statement.order_by(PaymentReturn.id.desc()), execution_options=_ANEW).all()


def _locked(invoice_id: UUID) -> Invoice:
    return lock_invoice(session.scalars(select(Invoice).where(Invoice.id == invoice_id)).one())
