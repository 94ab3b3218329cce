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
from cornerspot.billing.models import Dispute, Invoice, Payment, PaymentAllocation, PaymentReturn, Refund
from cornerspot.billing.models.payment import PaymentStatus
from cornerspot.billing.transitions import note_transition
from cornerspot.db import session
from cornerspot.db.locks import lock
from cornerspot.kit import clock
from cornerspot.people.actors import Actor


def lock_for_money(payment: Payment, *, also: Iterable[UUID] = ()) -> dict[UUID, Invoice]:
    """Hold every invoice the payment settles or settled, those named in ``also``, and then the payment."""
    session.flush()
    concerned = {allocation.invoice_id for allocation in _allocations(payment, live=False)} | set(also)
    invoices = {invoice_id: _locked(invoice_id) for invoice_id in sorted(concerned)}
    lock(payment)
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
    live = sorted(_allocations(payment), key=lambda row: (row.invoice_id != first, -row.created_at.timestamp()))
    if first is None:
        left -= _take_credit(payment, cause, left)
    for allocation in live:
        left -= _take_allocated(payment, cause, allocation, left, invoices, still_owed=still_owed, by=by)
    left -= _take_credit(payment, cause, left)
    if isinstance(cause, Refund):
        payment.refunded_minor += amount_minor
    else:
        payment.disputed_minor += amount_minor
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
    """Money that a refund or dispute had taken is back: it settles what it settled before, the rest is credit."""
    left = amount_minor
    for taken in _returns(payment, cause):
        back = min(left, taken.amount_minor)
        if back <= 0:
            break
        left -= back
        _revert(payment, taken, back, invoices, by=by)
    if isinstance(cause, Refund):
        payment.refunded_minor -= amount_minor
    else:
        payment.disputed_minor -= amount_minor
    session.flush()


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
    before = invoice.status
    invoice.settle(paid_minor)
    note_transition(invoice, before, by=by, reason=reason)


def _allocations(payment: Payment, *, live: bool = True) -> Sequence[PaymentAllocation]:
    statement = select(PaymentAllocation).where(PaymentAllocation.payment_id == payment.id)
    if live:
        statement = statement.where(PaymentAllocation.released_at.is_(None))
    return session.scalars(statement.order_by(PaymentAllocation.id)).all()


def _live_on(payment: Payment, invoice: Invoice) -> PaymentAllocation | None:
    return next((row for row in _allocations(payment) if row.invoice_id == invoice.id), None)


def _returns(payment: Payment, cause: Refund | Dispute | None = None) -> Sequence[PaymentReturn]:
    """What was taken of the payment and has not come back, the newest first."""
    session.flush()
    statement = select(PaymentReturn).where(PaymentReturn.payment_id == payment.id, PaymentReturn.reverted_at.is_(None))
    if cause is not None:
        column = PaymentReturn.refund_id if isinstance(cause, Refund) else PaymentReturn.dispute_id
        statement = statement.where(column == cause.id)
    return session.scalars(statement.order_by(PaymentReturn.id.desc())).all()


def _locked(invoice_id: UUID) -> Invoice:
    return lock_invoice(session.scalars(select(Invoice).where(Invoice.id == invoice_id)).one())
