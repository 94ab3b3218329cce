"""Disputes: what a customer's bank asks back. Only the movements of a dispute move money."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from cornerspot.activity.recording import record
from cornerspot.billing.allocating import give_back, take_back
from cornerspot.billing.models import Dispute, Invoice, Payment, PaymentAllocation
from cornerspot.billing.models.online import LedgerKind
from cornerspot.billing.online.exceptions import in_words, report
from cornerspot.billing.online.ledger import enter
from cornerspot.db import session
from cornerspot.kit import clock
from cornerspot.kit.money import Money
from cornerspot.payments.provider import DisputeMovement, DisputeSnapshot
from cornerspot.people.actors import SYSTEM

ENDED = frozenset({"won", "lost", "warning_closed", "prevented"})
APPEALS = frozenset({"appeal_needs_response", "appeal_under_review"})
UNDER_WAY = APPEALS | {"warning_needs_response", "warning_under_review", "needs_response", "under_review"}
_END_WORDS = {"won": "won", "lost": "lost", "warning_closed": "closed", "prevented": "prevented"}
_TROUBLE_WITH_BANK = frozenset({"insufficient_funds", "incorrect_account_details", "bank_cannot_process"})


def book_dispute(payment: Payment, told: DisputeSnapshot, invoices: dict[UUID, Invoice]) -> Dispute:
    """Our books know of the dispute what the processor knows; the caller holds invoices and payment.

    An inquiry moves nothing. What was withdrawn is owed again, what was reinstated settles
    again, and the fee is the team's cost.
    """
    dispute = _row_of(payment, told, invoices)
    for movement in sorted(told.movements, key=lambda one: (one.happened_at, one.amount.minor, one.id)):
        _book_movement(payment, dispute, told, movement, invoices)
    if not (dispute.status in ENDED and told.status in UNDER_WAY - APPEALS):  # A late read must not reopen it.
        _note_end(payment, dispute, told, invoices)
        dispute.status, dispute.is_refundable = told.status, told.is_refundable
    dispute.due_at, dispute.reason = told.due_at or dispute.due_at, told.reason or dispute.reason
    if told.status not in ENDED | UNDER_WAY:
        report(
            "unknown_status",
            f"Stripe says “{told.status}” of a dispute of {in_words(told.amount.minor, told.amount.currency)}, "
            "which Cornerspot does not know. Look at it in Stripe.",
            dedupe_key=f"{told.id}:{told.status}",
            payment=payment,
            stripe_object_id=told.id,
        )
    session.flush()
    return dispute


def _row_of(payment: Payment, told: DisputeSnapshot, invoices: dict[UUID, Invoice]) -> Dispute:
    known = session.scalars(
        select(Dispute).where(Dispute.payment_id == payment.id, Dispute.stripe_dispute_id == told.id),
        execution_options={"populate_existing": True},
    ).one_or_none()
    if known is not None:
        return known
    dispute = Dispute(
        payment_id=payment.id,
        account_id=payment.account_id,
        stripe_dispute_id=told.id,
        amount_minor=told.amount.minor,
        withdrawn_minor=0,
        currency=told.amount.currency,
        status=told.status,
        reason=told.reason,
        is_refundable=told.is_refundable,
        due_at=told.due_at,
        opened_at=told.created_at,
    )
    session.add(dispute)
    concerned = _settled_by(payment, invoices)
    amount = in_words(told.amount.minor, told.amount.currency)
    for invoice in concerned:
        record(
            invoice,
            "disputed",
            by=SYSTEM,
            amount_minor=told.amount.minor,
            currency=told.amount.currency,
            reason=told.reason.replace("_", " "),
        )
    report(
        "dispute_opened",
        _opening_sentence(told, amount),
        dedupe_key=told.id,
        payment=payment,
        invoice=concerned[0] if concerned else None,
        stripe_object_id=told.id,
    )
    return dispute


def _opening_sentence(told: DisputeSnapshot, amount: str) -> str:
    if told.reason in _TROUBLE_WITH_BANK:
        return (
            f"The bank returned a payment of {amount}: {told.reason.replace('_', ' ')}. Ask the customer to pay again."
        )
    if told.status.startswith("warning"):
        return f"The customer's bank asks about a payment of {amount}. No money has moved. Answer it in Stripe."
    return f"The customer disputes a payment of {amount}. Answer it in Stripe before it is due."


def _book_movement(
    payment: Payment,
    dispute: Dispute,
    told: DisputeSnapshot,
    movement: DisputeMovement,
    invoices: dict[UUID, Invoice],
) -> None:
    withdrawn = movement.amount.minor < 0
    kind = LedgerKind.DISPUTE_WITHDRAWN if withdrawn else LedgerKind.DISPUTE_REINSTATED
    moved = _in_currency_of(payment, movement, told)
    if movement.fee.minor:
        cost = Money(-movement.fee.minor, movement.fee.currency)
        enter(payment, LedgerKind.FEE, cost, source_key=movement.id, happened_at=movement.happened_at)
    if not moved.minor or not enter(payment, kind, moved, source_key=movement.id, happened_at=movement.happened_at):
        return
    if withdrawn:
        _withdraw(payment, dispute, -moved.minor, invoices)
    else:
        back = min(moved.minor, dispute.withdrawn_minor)
        if back < moved.minor:
            _report_too_much_back(payment, dispute, moved.minor - back)
        give_back(payment, dispute, back, invoices, by=SYSTEM)
    for invoice in _settled_by(payment, invoices):
        event = "dispute_withdrawn" if withdrawn else "dispute_reinstated"
        record(invoice, event, by=SYSTEM, amount_minor=abs(moved.minor), currency=payment.currency)


def _withdraw(payment: Payment, dispute: Dispute, amount_minor: int, invoices: dict[UUID, Invoice]) -> None:
    left = take_back(payment, dispute, amount_minor, invoices, still_owed=True, by=SYSTEM)
    if left:
        report(
            "over_returned",
            f"A dispute took {in_words(amount_minor, payment.currency)} back, which is "
            f"{in_words(left, payment.currency)} more than was left of the payment. Compare both in Stripe.",
            dedupe_key=dispute.stripe_dispute_id,
            payment=payment,
            stripe_object_id=dispute.stripe_dispute_id,
        )


def _report_too_much_back(payment: Payment, dispute: Dispute, extra_minor: int) -> None:
    report(
        "books_differ",
        f"A dispute gave back {in_words(extra_minor, payment.currency)} more than it had taken. Look at it in Stripe.",
        dedupe_key=f"back:{dispute.stripe_dispute_id}",
        payment=payment,
        stripe_object_id=dispute.stripe_dispute_id,
    )


def _note_end(payment: Payment, dispute: Dispute, told: DisputeSnapshot, invoices: dict[UUID, Invoice]) -> None:
    """The timeline says how it ended, once; a lost one is for somebody to look at.

    A debit that the bank returned is lost the moment it is known, and was reported as that.
    """
    if told.status not in ENDED:
        dispute.closed_at = None
        return
    if dispute.closed_at is not None:
        return
    dispute.closed_at = clock.now()
    concerned = _settled_by(payment, invoices)
    for invoice in concerned:
        record(invoice, "dispute_closed", by=SYSTEM, outcome=_END_WORDS[told.status])
    if told.status == "lost" and told.reason not in _TROUBLE_WITH_BANK:
        report(
            "dispute_lost",
            f"The dispute of {in_words(told.amount.minor, told.amount.currency)} was lost. The invoice asks for the "
            "money again; write it off if nobody will pay it.",
            dedupe_key=told.id,
            payment=payment,
            invoice=concerned[0] if concerned else None,
            stripe_object_id=told.id,
        )


def _in_currency_of(payment: Payment, movement: DisputeMovement, told: DisputeSnapshot) -> Money:
    """The movement in the payment's currency; a balance in another one moved what the dispute is about."""
    if movement.amount.currency == payment.currency:
        return movement.amount
    return Money(told.amount.minor if movement.amount.minor > 0 else -told.amount.minor, payment.currency)


def _settled_by(payment: Payment, invoices: dict[UUID, Invoice]) -> list[Invoice]:
    """The invoices that the payment settles or settled, without those that are void."""
    ids = session.scalars(
        select(PaymentAllocation.invoice_id)
        .where(PaymentAllocation.payment_id == payment.id)
        .order_by(PaymentAllocation.id)
    ).all()
    return [invoices[one] for one in dict.fromkeys(ids) if one in invoices and invoices[one].voided_at is None]
