"""Asking the processor for a refund: the row is there first, and its id is the key of the request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from cornerspot.activity.recording import record
from cornerspot.billing.allocating import lock_for_money
from cornerspot.billing.models import Invoice, Payment, Refund
from cornerspot.billing.models.online import RefundStatus
from cornerspot.billing.online.exceptions import in_words, report
from cornerspot.billing.online.syncing import ask_again, reading_provider, sync_payment
from cornerspot.db import session
from cornerspot.db.locks import lock
from cornerspot.db.transaction import in_transaction
from cornerspot.jobs.registry import task
from cornerspot.kit import clock
from cornerspot.kit.errors import NotFound
from cornerspot.kit.money import Money
from cornerspot.payments.provider import PaymentProvider, ProviderRefused
from cornerspot.people.actors import SYSTEM
from cornerspot.tenancy import current_tenant_id

KEYS_LAST = timedelta(hours=23)  # The processor forgets idempotency keys after 24 hours.


@dataclass(frozen=True)
class _Order:
    """What is to be asked for, as the row has it."""

    refund_id: UUID
    key: str
    connection_id: UUID
    payment_id: str
    amount: Money
    asked_at: datetime
    provider: PaymentProvider


@task("billing.send_refund", own_transactions=True)
def send_refund(refund_id: str) -> None:
    """The processor has the refund and our books its answer, or the refund has failed; repeating it is harmless.

    Raises ProviderError where it is not known what happened, to be tried again.
    """
    order = in_transaction(lambda: _order(UUID(refund_id)))
    if order is None:
        return
    try:
        _ask(order)
    except ProviderRefused as refusal:
        message = refusal.message
        in_transaction(lambda: _fail(order.refund_id, message))
        return
    # The answer alone would not tell of an earlier refund that failed and made room for this one.
    sync_payment(order.connection_id, order.payment_id)


def _ask(order: _Order) -> None:
    """The processor has the refund; after a day, when the key is forgotten, look first whether it has."""
    if clock.now() - order.asked_at > KEYS_LAST:
        made = order.provider.read_payment(order.payment_id).refunds
        if any(one.reference == str(order.refund_id) for one in made):
            return
    order.provider.create_refund(
        order.payment_id,
        order.amount,
        reference=str(order.refund_id),
        metadata={"tenant": str(current_tenant_id())},
        key=order.key,
    )


def _order(refund_id: UUID) -> _Order | None:
    refund, payment = _rows(refund_id)
    connection_id, payment_id = payment.processor_account_id, payment.stripe_payment_id
    if refund.status != RefundStatus.REQUESTED or connection_id is None or payment_id is None:
        return None
    amount = Money(refund.amount_minor, refund.currency)
    return _Order(
        refund_id, refund.key, connection_id, payment_id, amount, refund.created_at, reading_provider(connection_id)
    )


def _fail(refund_id: UUID, message: str) -> None:
    """The processor would not; no money has moved, and the refund's own row says why."""
    refund, payment = _rows(refund_id)
    invoices = lock_for_money(payment)
    lock(refund)
    if refund.status != RefundStatus.REQUESTED:
        return
    refund.status, refund.failure, refund.ended_at = RefundStatus.FAILED, message, clock.now()
    invoice = invoices.get(refund.asked_invoice_id) if refund.asked_invoice_id else None
    amount = in_words(refund.amount_minor, refund.currency)
    if invoice is not None:
        _note_failure(invoice, refund)
    report(
        "refund_failed",
        f"Stripe refused a refund of {amount}: {message} No money has moved. Refund it another way, or try again.",
        dedupe_key=str(refund.id),
        payment=payment,
        invoice=invoice,
    )
    # Perhaps it was refunded or disputed there without our knowing.
    ask_again(payment)


def _note_failure(invoice: Invoice, refund: Refund) -> None:
    record(
        invoice,
        "refund_failed",
        by=SYSTEM,
        amount_minor=refund.amount_minor,
        currency=refund.currency,
        reason=refund.failure,
    )


def _rows(refund_id: UUID) -> tuple[Refund, Payment]:
    found = session.execute(
        select(Refund, Payment)
        .join(Payment, Payment.id == Refund.payment_id)
        .where(Refund.id == refund_id)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound()
    return found[0], found[1]
