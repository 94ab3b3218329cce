"""Rows that wait for something to happen at the processor, looked at again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select

from cornerspot.billing.locking import lock_invoice
from cornerspot.billing.models import CheckoutAttempt, Dispute, Invoice, Payment, Refund
from cornerspot.billing.models.online import AttemptState, RefundStatus
from cornerspot.billing.models.payment import PaymentStatus
from cornerspot.billing.online.attempts import begin_closing
from cornerspot.billing.online.checkout import close_attempt
from cornerspot.billing.online.disputes import UNDER_WAY
from cornerspot.billing.online.hearing import sync_event
from cornerspot.billing.online.refund_calls import send_refund
from cornerspot.billing.online.syncing import sync_checkout, sync_payment
from cornerspot.db import session
from cornerspot.db.locks import lock
from cornerspot.db.transaction import in_transaction
from cornerspot.jobs.queue import GiveUp
from cornerspot.kit import clock
from cornerspot.kit.errors import DomainError
from cornerspot.payments.inbox import waiting_events
from cornerspot.payments.provider import ProviderError, ProviderGone

log = structlog.get_logger("cornerspot.payments")

S = AttemptState
SOON = timedelta(minutes=2)
ABANDONED = timedelta(minutes=15)  # Nobody waits for a page that long.
MOST = 200  # of a kind in one run; the next one goes on


def look_at_waiting() -> Counter[str]:
    """Attempts, refunds and events that should have gone on by now have; how many of each did."""
    found: Counter[str] = Counter()
    for attempt_id, state in in_transaction(_stale_attempts):
        found["attempts"] += _moved(partial(_push, attempt_id, state), partial(_attempt_state, attempt_id))
    for refund_id in in_transaction(_unsent_refunds):
        found["refunds"] += _moved(partial(send_refund, str(refund_id)), partial(_refund_status, refund_id))
    for event_id in in_transaction(waiting_events):
        found["late_events"] += _done(partial(sync_event, event_id))
    return found


def look_at_open_ends() -> Counter[str]:
    """Debits under way, pending refunds and open disputes are as the processor has them; how many had moved on."""
    found: Counter[str] = Counter()
    for attempt_id in in_transaction(_submitted_attempts):
        found["attempts"] += _moved(partial(sync_checkout, str(attempt_id)), partial(_attempt_state, attempt_id))
    for connection_id, stripe_id, payment_id in in_transaction(_open_payments):
        found["payments"] += _moved(partial(sync_payment, connection_id, stripe_id), partial(standing_of, payment_id))
    return found


def standing_of(payment_id: UUID) -> Any:
    """Everything about a payment that a sync can change."""
    columns = (
        Payment.status,
        Payment.amount_minor,
        Payment.refunded_minor,
        Payment.disputed_minor,
        Payment.fee_minor,
    )
    row = session.execute(select(*columns).where(Payment.id == payment_id)).one_or_none()
    refunds = session.execute(
        select(Refund.id, Refund.status).where(Refund.payment_id == payment_id).order_by(Refund.id)
    ).all()
    disputes = session.execute(
        select(Dispute.id, Dispute.status).where(Dispute.payment_id == payment_id).order_by(Dispute.id)
    ).all()
    return row, tuple(refunds), tuple(disputes)


def _moved(step: Callable[[], object], standing: Callable[[], Any]) -> int:
    """1 when the step changed how the row stands."""
    before = in_transaction(standing)
    if not _done(step):
        return 0
    return int(in_transaction(standing) != before)


def _done(step: Callable[[], object]) -> int:
    """1 when the step went through; one row that will not must not keep the others waiting."""
    try:
        step()
    except ProviderGone:
        raise
    except (ProviderError, DomainError, GiveUp) as error:
        log.warning("reconcile_step_failed", error=repr(error))
        return 0
    return 1


def _push(attempt_id: UUID, state: str) -> None:
    if state == S.NEW:
        in_transaction(lambda: _give_up(attempt_id))
        close_attempt(str(attempt_id))
    elif state == S.CLOSING:
        close_attempt(str(attempt_id))
    sync_checkout(str(attempt_id))


def _give_up(attempt_id: UUID) -> None:
    """The page that nobody waits for is closed, so that a payer who comes back gets a fresh one."""
    attempt = session.scalars(select(CheckoutAttempt).where(CheckoutAttempt.id == attempt_id)).one()
    lock_invoice(session.scalars(select(Invoice).where(Invoice.id == attempt.invoice_id)).one())
    lock(attempt)
    if attempt.state == S.NEW:
        begin_closing(attempt)


def _attempt_state(attempt_id: UUID) -> str | None:
    return session.scalar(select(CheckoutAttempt.state).where(CheckoutAttempt.id == attempt_id))


def _refund_status(refund_id: UUID) -> str | None:
    return session.scalar(select(Refund.status).where(Refund.id == refund_id))


def _stale_attempts() -> list[tuple[UUID, str]]:
    moment = clock.now()
    stale = (
        ((CheckoutAttempt.state == S.NEW) & (CheckoutAttempt.created_at < moment - ABANDONED))
        | ((CheckoutAttempt.state == S.CLOSING) & (CheckoutAttempt.created_at < moment - SOON))
        | ((CheckoutAttempt.state == S.OPEN) & (CheckoutAttempt.expires_at < moment))
    )
    rows = session.execute(
        select(CheckoutAttempt.id, CheckoutAttempt.state).where(stale).order_by(CheckoutAttempt.created_at).limit(MOST)
    )
    return [(attempt_id, state) for attempt_id, state in rows]


def _unsent_refunds() -> list[UUID]:
    return list(
        session.scalars(
            select(Refund.id)
            .where(Refund.status == RefundStatus.REQUESTED, Refund.created_at < clock.now() - SOON)
            .order_by(Refund.created_at)
            .limit(MOST)
        )
    )


def _submitted_attempts() -> list[UUID]:
    """Debits under way; those that ended without a payment of theirs in our books too."""
    no_payment = ~select(Payment.id).where(Payment.attempt_id == CheckoutAttempt.id).exists()
    return list(
        session.scalars(
            select(CheckoutAttempt.id)
            .where(
                (CheckoutAttempt.state == S.SUBMITTED)
                | ((CheckoutAttempt.state == S.SUCCEEDED) & no_payment)
                | ((CheckoutAttempt.state == S.OPEN) & (CheckoutAttempt.created_at < clock.now() - SOON))
            )
            .order_by(CheckoutAttempt.created_at)
        )
    )


def _open_payments() -> list[tuple[UUID, str, UUID]]:
    pending = (
        select(Refund.id)
        .where(Refund.payment_id == Payment.id, Refund.status.in_((RefundStatus.PENDING, RefundStatus.REQUIRES_ACTION)))
        .exists()
    )
    disputed = select(Dispute.id).where(Dispute.payment_id == Payment.id, Dispute.status.in_(UNDER_WAY)).exists()
    rows = session.execute(
        select(Payment.processor_account_id, Payment.stripe_payment_id, Payment.id)
        .where(
            Payment.stripe_payment_id.is_not(None),
            (Payment.status == PaymentStatus.PROCESSING) | pending | disputed,
        )
        .order_by(Payment.id)
    )
    return [(row[0], row[1], row[2]) for row in rows if row[0] is not None and row[1] is not None]
