"""Refunding: money of a payment goes back to the customer, at once on paper or through the processor.

A refund of an online payment is a row first; a job asks the processor, whose answer moves the
money in our books. See ``online.refund_calls`` and ``online.refunds``.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, select

from cornerspot.activity.recording import record
from cornerspot.billing.allocating import lock_for_money, take_back
from cornerspot.billing.models import Dispute, Invoice, Payment, Refund
from cornerspot.billing.models.online import RefundStatus
from cornerspot.billing.models.payment import PaymentStatus
from cornerspot.billing.online.booking import same_account
from cornerspot.billing.online.disputes import ENDED
from cornerspot.billing.online.exceptions import in_words
from cornerspot.db import session
from cornerspot.jobs.publishing import enqueue
from cornerspot.kit import clock
from cornerspot.kit.errors import Conflict, Invalid
from cornerspot.kit.money import Money
from cornerspot.payments.models import ProcessorAccount
from cornerspot.people.actors import Actor
from cornerspot.people.permissions import Permission
from cornerspot.plans.entitlements import require_feature
from cornerspot.plans.features import Feature

NOT_COMPLETED = "This money has not arrived, so there is nothing to refund."
DISPUTED = "This payment is disputed, so its money is with the bank. Answer the dispute instead of refunding."
NOT_CONNECTED = "Stripe is not connected any more. Connect the same account again to refund this payment."
NOTHING_LEFT = "Nothing is left of this payment to refund."


def refund_payment(
    payment: Payment,
    amount: Money,
    *,
    still_owed: bool,
    reason: str,
    by: Actor,
    request_key: str,
    invoice: Invoice | None = None,
) -> Refund:
    """The amount goes back to the customer: a manual payment is marked refunded, an online one asked for; flushed.

    ``invoice`` is where it was asked for, and asks for the money again when it is
    ``still_owed``; None takes the customer's credit alone. The same ``request_key`` again
    gives the first refund. Raises Conflict, Invalid, PermissionDenied, FeatureMissing.
    """
    by.require(Permission.UNDO_PAYMENTS)
    require_feature(Feature.BILLING)
    invoices = lock_for_money(payment, also=[invoice.id] if invoice is not None else [])
    earlier = _asked_before(request_key)
    if earlier is not None:
        _require_same(earlier, payment, amount)
        return earlier
    _require_refundable(payment)
    _require_within(payment, amount, invoice)
    refund = Refund(
        payment_id=payment.id,
        account_id=payment.account_id,
        asked_invoice_id=invoice.id if invoice is not None else None,
        amount_minor=amount.minor,
        currency=payment.currency,
        origin="ours" if payment.is_online else "manual",
        still_owed=still_owed and invoice is not None,
        reason=reason.strip(),
        requested_by=by.membership_id,
        request_key=request_key,
    )
    session.add(refund)
    session.flush()  # A request key that another payment used meanwhile is refused here.
    if payment.is_online:
        _ask_processor(refund, invoice, by=by)
    else:
        _mark_refunded(payment, refund, invoices, by=by)
    session.flush()
    return refund


def refundable_minor(payment: Payment) -> int:
    """What could be refunded now, less what is asked for already, in minor units."""
    return max(payment.refundable_minor - _asked_minor(payment), 0)


def free_credit_minor(payment: Payment) -> int:
    """What of the payment's credit is not about to be refunded, in minor units."""
    return max(payment.credit_minor - _asked_minor(payment, of_credit=True), 0)


def _ask_processor(refund: Refund, invoice: Invoice | None, *, by: Actor) -> None:
    enqueue("billing.send_refund", refund_id=str(refund.id))
    if invoice is not None:
        record(
            invoice,
            "refund_requested",
            by=by,
            amount_minor=refund.amount_minor,
            currency=refund.currency,
            reason=refund.reason,
        )


def _mark_refunded(payment: Payment, refund: Refund, invoices: dict[UUID, Invoice], *, by: Actor) -> None:
    """Somebody gave the money back by hand; our books say so."""
    take_back(
        payment,
        refund,
        refund.amount_minor,
        invoices,
        still_owed=refund.still_owed,
        by=by,
        first=refund.asked_invoice_id,
    )
    moment = clock.now()
    refund.status, refund.booked_at, refund.ended_at = RefundStatus.SUCCEEDED, moment, moment
    if refund.asked_invoice_id is not None:
        record(
            invoices[refund.asked_invoice_id],
            "refunded",
            by=by,
            amount_minor=refund.amount_minor,
            currency=refund.currency,
            reason=refund.reason,
        )


def _require_refundable(payment: Payment) -> None:
    if payment.status != PaymentStatus.COMPLETED:
        raise Conflict(NOT_COMPLETED)
    blocking = select(Dispute.id).where(
        Dispute.payment_id == payment.id,
        Dispute.is_refundable.is_(False),
        Dispute.status.not_in(ENDED) | (Dispute.withdrawn_minor > 0),
    )
    if session.scalar(blocking.limit(1)) is not None:
        raise Conflict(DISPUTED)
    if payment.is_online and not _is_connected(payment):
        raise Conflict(NOT_CONNECTED)


def _require_within(payment: Payment, amount: Money, invoice: Invoice | None) -> None:
    if amount.currency != payment.currency:
        raise Invalid(f"This payment is in {payment.currency}.", field="amount")
    if amount.minor <= 0:
        raise Invalid("Enter an amount above zero.", field="amount")
    left = refundable_minor(payment) if invoice is not None else free_credit_minor(payment)
    if left <= 0:
        raise Conflict(NOTHING_LEFT)
    if amount.minor > left:
        raise Invalid(f"Only {in_words(left, payment.currency)} is left to refund. Enter that or less.", field="amount")


def _is_connected(payment: Payment) -> bool:
    if payment.processor_account_id is None:
        return False
    alive = select(ProcessorAccount.id).where(
        ProcessorAccount.id.in_(same_account(payment.processor_account_id)), ProcessorAccount.state != "disconnected"
    )
    return session.scalar(alive.limit(1)) is not None


def _asked_minor(payment: Payment, *, of_credit: bool = False) -> int:
    """What was asked for and the processor has not confirmed yet."""
    waiting = select(func.coalesce(func.sum(Refund.amount_minor), 0)).where(
        Refund.payment_id == payment.id, Refund.status == RefundStatus.REQUESTED
    )
    if of_credit:
        waiting = waiting.where(Refund.asked_invoice_id.is_(None))
    return int(session.scalar(waiting) or 0)


def _asked_before(request_key: str) -> Refund | None:
    return session.scalars(select(Refund).where(Refund.request_key == request_key)).one_or_none()


def _require_same(earlier: Refund, payment: Payment, amount: Money) -> None:
    if (earlier.payment_id, earlier.amount_minor) != (payment.id, amount.minor):
        booked = in_words(earlier.amount_minor, earlier.currency)
        raise Conflict(f"This form refunded {booked} already. Reload the page to refund more.")
