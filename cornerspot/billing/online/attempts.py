"""Attempts: the rows behind a hosted payment page, from the button to its end.

::

    new ──made──> open ──paid──────────────> succeeded
     │             ├──bank debit──> submitted ──> succeeded | failed
     │             └──we or time──> closing ──> expired | succeeded | submitted
     └──refused──> refused

An end is an end *of the attempt*: refunds and disputes change the payment. Only money that
arrived after all leads out of an end, into ``succeeded``: the processor is right about money.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from cornerspot.billing.models import CheckoutAttempt, Invoice
from cornerspot.billing.models.online import LIVE_ATTEMPTS, AttemptState
from cornerspot.db import session
from cornerspot.db.locks import lock
from cornerspot.jobs.publishing import enqueue
from cornerspot.kit import clock
from cornerspot.kit.states import StateMachine
from cornerspot.payments.provider import CheckoutSnapshot, PaymentSnapshot

S = AttemptState

ATTEMPT = StateMachine[AttemptState](
    {
        S.NEW: {S.OPEN, S.CLOSING, S.SUBMITTED, S.SUCCEEDED, S.EXPIRED, S.REFUSED},
        S.OPEN: {S.CLOSING, S.SUBMITTED, S.SUCCEEDED, S.EXPIRED, S.FAILED},
        S.CLOSING: {S.SUBMITTED, S.SUCCEEDED, S.EXPIRED, S.REFUSED, S.FAILED},
        S.SUBMITTED: {S.SUCCEEDED, S.FAILED},
        S.SUCCEEDED: set(),
        S.FAILED: {S.SUCCEEDED},
        S.EXPIRED: {S.SUCCEEDED, S.SUBMITTED},
        S.REFUSED: {S.SUCCEEDED},
    }
)
ENDS = frozenset({S.SUCCEEDED, S.FAILED, S.EXPIRED, S.REFUSED})


def move(attempt: CheckoutAttempt, to: AttemptState, *, error: str = "") -> bool:
    """The attempt is in this state, if it may go there; a late or repeated signal changes nothing."""
    if not ATTEMPT.allows(S(attempt.state), to):
        return False
    attempt.state = to
    attempt.error = error or attempt.error
    attempt.ended_at = clock.now() if to in ENDS else None
    return True


def live_attempt(invoice_id: UUID) -> CheckoutAttempt | None:
    """The one attempt of an invoice that somebody may still pay through."""
    return session.scalars(
        select(CheckoutAttempt).where(
            CheckoutAttempt.invoice_id == invoice_id, CheckoutAttempt.state.in_(LIVE_ATTEMPTS)
        )
    ).one_or_none()


def close_live_attempts(invoice: Invoice) -> None:
    """What is owed has changed: no page of the old amount stays open at the processor, once this commits.

    The caller holds the invoice. Harmless when there is none.
    """
    attempt = live_attempt(invoice.id)
    if attempt is not None:
        begin_closing(attempt)


def begin_closing(attempt: CheckoutAttempt) -> None:
    """The attempt is to be expired at the processor, by a job of this transaction."""
    lock(attempt)
    move(attempt, S.CLOSING)
    if attempt.state == S.CLOSING:
        enqueue("billing.close_attempt", attempt_id=str(attempt.id))
    session.flush()


def advance_by_checkout(attempt: CheckoutAttempt, page: CheckoutSnapshot) -> None:
    """The attempt, which the caller holds, knows its page; one that expired there has ended.

    What a completed page brought is for ``advance_by_payment``, from the payment itself.
    """
    attempt.session_id, attempt.session_url = page.id, page.url or attempt.session_url
    attempt.stripe_payment_id = page.payment_id or attempt.stripe_payment_id
    if page.status == "open":
        move(attempt, S.OPEN)
    elif page.status == "expired":
        move(attempt, S.EXPIRED)
    elif page.status == "complete" and page.payment_status == "unpaid":
        move(attempt, S.SUBMITTED)


def advance_by_payment(attempt: CheckoutAttempt, payment: PaymentSnapshot) -> None:
    """The attempt, which the caller holds, is as far as its payment is.

    A declined card leaves an open page open: the payer may try another one.
    """
    attempt.stripe_payment_id = payment.id
    if payment.status == "succeeded":
        move(attempt, S.SUCCEEDED)
    elif payment.status == "processing":
        move(attempt, S.SUBMITTED)
    elif payment.status == "canceled":
        move(attempt, S.FAILED if attempt.state == S.SUBMITTED else S.EXPIRED, error=payment.failure)
    elif payment.status == "requires_payment_method" and attempt.state == S.SUBMITTED:
        move(attempt, S.FAILED, error=payment.failure)
