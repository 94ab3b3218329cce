"""Booking what was read of a payment: one transaction, all of it or nothing, harmless when repeated.

Locks in this order: invoices, attempt, payment. Facts are added when they are missing and
states move forward only, so that a reading that is old by now changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from cornerspot.activity.recording import record
from cornerspot.billing.allocating import allocate, complete, lock_for_money
from cornerspot.billing.events import PaymentFailed, PaymentSettled
from cornerspot.billing.locking import lock_invoice
from cornerspot.billing.models import CheckoutAttempt, Invoice, Payment
from cornerspot.billing.models.online import AttemptState, LedgerKind
from cornerspot.billing.models.payment import ONLINE, PaymentStatus
from cornerspot.billing.online import surprises
from cornerspot.billing.online.attempts import advance_by_checkout, advance_by_payment, close_live_attempts
from cornerspot.billing.online.disputes import book_dispute
from cornerspot.billing.online.ledger import enter
from cornerspot.billing.online.refunds import book_refund
from cornerspot.db import session
from cornerspot.db.locks import lock
from cornerspot.jobs.publishing import publish
from cornerspot.kit import clock
from cornerspot.kit.errors import NotFound
from cornerspot.kit.money import Money
from cornerspot.payments.models import ProcessorAccount
from cornerspot.payments.provider import CheckoutSnapshot, PaymentSnapshot
from cornerspot.people.actors import SYSTEM
from cornerspot.tenancy import current_team, current_tenant_id

S = PaymentStatus
_RANK = {S.PROCESSING: 1, S.FAILED: 2, S.CANCELED: 2, S.COMPLETED: 3}
_WAITING = frozenset({"requires_payment_method", "requires_confirmation", "requires_action"})


@dataclass(frozen=True)
class Reading:
    """What the processor said of one payment. Its page, if read at all, was read before the payment was."""

    connection_id: UUID
    payment: PaymentSnapshot
    page: CheckoutSnapshot | None = None

    @property
    def was_submitted(self) -> bool:
        """Whether the payer had finished on the page before the payment was read."""
        return self.page is not None and self.page.status == "complete"


def book_payment(reading: Reading) -> Payment | None:
    """Invoice, attempt, payment, refunds, disputes and ledger are as the reading says; flushed.

    None where there is nothing to book: a payment that is not one of ours, or one that
    nobody has tried to make yet.
    """
    attempt = find_attempt(reading.connection_id, reading.payment)
    if attempt is None:
        return None
    payment, invoices = _hold(reading, attempt)
    state_before = AttemptState(attempt.state)
    _advance(attempt, reading)
    status = _status_of(reading, payment)
    if status is None:
        session.flush()
        return payment
    is_new, invoice = payment is None, invoices[attempt.invoice_id]
    payment = payment or _new_payment(reading, attempt)
    surprises.compare(payment, attempt, invoice, reading.payment)
    _describe(payment, reading.payment)
    _move(payment, status, reading.payment, invoice, is_new=is_new, attempt_was=state_before)
    _book_fee(payment, reading.payment)
    if payment.status == S.COMPLETED:
        _book_returns(payment, reading.payment, invoices)
    _recount_processing(invoice)
    return payment


def _book_returns(payment: Payment, told: PaymentSnapshot, invoices: dict[UUID, Invoice]) -> None:
    """What came back to us is booked first: it may be what a later refund or dispute took."""
    for came_back in (True, False):
        for refund in sorted(told.refunds, key=lambda one: (one.created_at, one.id)):
            if refund.has_come_back is came_back:
                book_refund(payment, refund, invoices)
        for dispute in sorted(told.disputes, key=lambda one: (one.created_at, one.id)):
            if dispute.has_come_back is came_back:
                book_dispute(payment, dispute, invoices)


def find_attempt(connection_id: UUID, payment: PaymentSnapshot) -> CheckoutAttempt | None:
    """The attempt that a payment is of: the one it names, when it names this team, or the one that knows it."""
    named = _as_uuid(payment.metadata.get("attempt", ""))
    if named is not None and payment.metadata.get("tenant") == str(current_tenant_id()):
        found = session.scalars(select(CheckoutAttempt).where(CheckoutAttempt.id == named)).one_or_none()
        if found is not None:
            return found
    return session.scalars(
        select(CheckoutAttempt).where(
            CheckoutAttempt.stripe_payment_id == payment.id,
            CheckoutAttempt.processor_account_id.in_(same_account(connection_id)),
        )
    ).one_or_none()


def same_account(connection_id: UUID) -> list[UUID]:
    """This connection and the team's others to the same Stripe account: a reconnection is a new row.

    Raises NotFound.
    """
    this = select(ProcessorAccount.stripe_account_id, ProcessorAccount.livemode).where(
        ProcessorAccount.id == connection_id
    )
    found = session.execute(this).one_or_none()
    if found is None:
        raise NotFound()
    return list(
        session.scalars(
            select(ProcessorAccount.id).where(
                ProcessorAccount.stripe_account_id == found.stripe_account_id,
                ProcessorAccount.livemode == found.livemode,
            )
        )
    )


def _hold(reading: Reading, attempt: CheckoutAttempt) -> tuple[Payment | None, dict[UUID, Invoice]]:
    """Everything is locked; whoever books the same payment at the same time waits here."""
    payment = _find_payment(reading)
    if payment is None:
        invoice = lock_invoice(session.scalars(select(Invoice).where(Invoice.id == attempt.invoice_id)).one())
        lock(attempt)
        payment = _find_payment(reading)  # Somebody may have been first.
        if payment is None:
            return None, {invoice.id: invoice}
    return payment, lock_for_money(payment, also=[attempt.invoice_id], attempt=attempt)


def _find_payment(reading: Reading) -> Payment | None:
    return session.scalars(
        select(Payment).where(
            Payment.stripe_payment_id == reading.payment.id,
            Payment.processor_account_id.in_(same_account(reading.connection_id)),
        )
    ).one_or_none()


def _advance(attempt: CheckoutAttempt, reading: Reading) -> None:
    """The attempt is as far as page and payment are; a second payment of one page does not touch it."""
    if attempt.stripe_payment_id not in (None, reading.payment.id):
        return
    if reading.page is not None:
        advance_by_checkout(attempt, reading.page)
    # A declined card looks like a failed debit, unless the page had been finished before.
    if reading.payment.status not in _WAITING or reading.was_submitted:
        advance_by_payment(attempt, reading.payment)


def _status_of(reading: Reading, payment: Payment | None) -> PaymentStatus | None:
    """What the payment is by this reading; None when nothing can be said yet."""
    told, known = reading.payment.status, payment is not None
    if told == "succeeded":
        return S.COMPLETED
    if told == "processing":
        return S.PROCESSING
    if told == "canceled":
        return S.CANCELED if known or reading.was_submitted else None
    if told == "requires_payment_method":
        return S.FAILED if reading.was_submitted else None
    if told == "requires_action":  # The payer has still to confirm small deposits.
        return S.PROCESSING if reading.was_submitted else None
    if told not in _WAITING:
        surprises.unknown_status(reading.payment)
    return None


def _new_payment(reading: Reading, attempt: CheckoutAttempt) -> Payment:
    """A row for the payment, with nothing counted yet."""
    told = reading.payment
    payment = Payment(
        account_id=attempt.account_id,
        amount_minor=told.amount.minor,
        currency=told.amount.currency,
        allocated_minor=0,
        credit_minor=0,
        returned_minor=0,
        refunded_minor=0,
        disputed_minor=0,
        method=ONLINE,
        received_on=_day_of(told.created_at),
        status=S.PROCESSING,
        processor_account_id=_account_of(reading, attempt),
        stripe_payment_id=told.id,
        attempt_id=attempt.id,
    )
    session.add(payment)
    session.flush()
    return payment


def _account_of(reading: Reading, attempt: CheckoutAttempt) -> UUID:
    """The connection under which the money is booked: the attempt's, unless it came on another account."""
    same = same_account(reading.connection_id)
    return attempt.processor_account_id if attempt.processor_account_id in same else reading.connection_id


def _describe(payment: Payment, told: PaymentSnapshot) -> None:
    payment.stripe_charge_id = told.charge_id or payment.stripe_charge_id
    payment.method_type = told.method or payment.method_type
    payment.method_detail = told.method_detail or payment.method_detail


def _move(
    payment: Payment,
    status: PaymentStatus,
    told: PaymentSnapshot,
    invoice: Invoice,
    *,
    is_new: bool,
    attempt_was: AttemptState,
) -> None:
    """The payment is in this state, unless it was as far already."""
    if not is_new and _RANK[status] <= _RANK[S(payment.status)]:
        return
    if status == S.COMPLETED:
        _settle(payment, told, invoice, attempt_was)
    elif status == S.PROCESSING:
        _note(payment, invoice, "payment_processing")
    else:
        payment.status, payment.failure = status, told.failure
        _note(payment, invoice, "payment_failed", reason=told.failure)
        publish(PaymentFailed(payment.id))
    session.flush()


def _settle(payment: Payment, told: PaymentSnapshot, invoice: Invoice, attempt_was: AttemptState) -> None:
    """The money is there: the invoice takes what it asks for, the rest is the customer's credit."""
    captured = told.captured if told.captured.minor > 0 else told.amount
    moment = told.paid_at or clock.now()
    payment.amount_minor, payment.settled_at = captured.minor, moment
    payment.received_on, payment.failure = _day_of(moment), ""
    complete(payment)
    session.flush()
    enter(payment, LedgerKind.CAPTURE, captured, source_key=told.id, happened_at=moment)
    asked_for, status_before = invoice.balance_minor, invoice.status
    allocate(payment, invoice, by=SYSTEM)
    close_live_attempts(invoice)
    _note(payment, invoice, "payment_received")
    if payment.credit_minor:
        surprises.left_over(payment, invoice, status_before, asked_for, attempt_was)
    publish(PaymentSettled(payment.id))


def _book_fee(payment: Payment, told: PaymentSnapshot) -> None:
    """What the processor kept: the team's cost, known at once or later."""
    if told.fee is None or payment.status != S.COMPLETED:
        return
    payment.fee_minor, payment.fee_currency = told.fee.minor, told.fee.currency
    if told.fee.minor and told.fee_id:
        cost = Money(-told.fee.minor, told.fee.currency)
        enter(payment, LedgerKind.FEE, cost, source_key=told.fee_id, happened_at=told.paid_at or clock.now())


def _recount_processing(invoice: Invoice) -> None:
    """The invoice knows what is under way, so that it is not paid twice meanwhile."""
    session.flush()
    under_way = (
        select(func.coalesce(func.sum(Payment.amount_minor), 0))
        .join(CheckoutAttempt, CheckoutAttempt.id == Payment.attempt_id)
        .where(
            CheckoutAttempt.invoice_id == invoice.id,
            Payment.status == S.PROCESSING,
            Payment.currency == invoice.currency,
        )
    )
    before, invoice.processing_minor = invoice.processing_minor, int(session.scalar(under_way) or 0)
    if invoice.processing_minor > before:
        close_live_attempts(invoice)  # A page beside the debit would be for more than is left to pay.
    session.flush()


def _note(payment: Payment, invoice: Invoice, event: str, **facts: str) -> None:
    record(
        invoice,
        event,
        by=SYSTEM,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        method=payment.method_detail,
        **facts,
    )


def _day_of(moment: datetime) -> date:
    return moment.astimezone(ZoneInfo(current_team().time_zone)).date()


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
