"""Back from the processor's page: ask it what happened, and say nothing that is not known."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

import structlog
from sqlalchemy import select

from cornerspot.billing.models import CheckoutAttempt
from cornerspot.billing.models.online import AttemptState
from cornerspot.billing.online.syncing import sync_checkout
from cornerspot.db import session
from cornerspot.db.transaction import in_transaction
from cornerspot.payments.provider import ProviderError

log = structlog.get_logger("cornerspot.payments")


class Landing(StrEnum):
    """What can be said to a payer who comes back."""

    PAID = "paid"
    PROCESSING = "processing"
    NOT_PAID = "not_paid"
    CHECKING = "checking"  # never "failed" while it is not known


_SAID = {
    AttemptState.SUCCEEDED: Landing.PAID,
    AttemptState.SUBMITTED: Landing.PROCESSING,
    AttemptState.FAILED: Landing.NOT_PAID,
    AttemptState.EXPIRED: Landing.NOT_PAID,
    AttemptState.REFUSED: Landing.NOT_PAID,
}


def is_page_of(invoice_id: UUID, session_id: str) -> bool:
    """Whether this is a page of the processor on which the invoice is or was to be paid.

    Nobody can guess the id of one, so who names it is its payer.
    """
    return bool(session_id) and _attempt_id(invoice_id, session_id) is not None


def has_page(invoice_id: UUID) -> bool:
    """Whether anybody was ever led to the processor to pay the invoice."""
    found = select(CheckoutAttempt.id).where(CheckoutAttempt.invoice_id == invoice_id)
    return session.scalar(found.limit(1)) is not None


def land(invoice_id: UUID, session_id: str) -> Landing:
    """What became of the page that the payer comes from, asked of the processor now.

    A page that is not of this invoice is as good as none. Outside of a transaction.
    """
    attempt_id = in_transaction(lambda: _attempt_id(invoice_id, session_id))
    if attempt_id is None:
        return Landing.CHECKING
    try:
        sync_checkout(str(attempt_id))
    except ProviderError as error:
        log.warning("landing_unsure", attempt=str(attempt_id), error=error.code)
    return in_transaction(lambda: _SAID.get(AttemptState(_state(attempt_id)), Landing.CHECKING))


def _attempt_id(invoice_id: UUID, session_id: str) -> UUID | None:
    return session.scalars(
        select(CheckoutAttempt.id).where(
            CheckoutAttempt.invoice_id == invoice_id, CheckoutAttempt.session_id == session_id
        )
    ).one_or_none()


def _state(attempt_id: UUID) -> str:
    return session.scalars(select(CheckoutAttempt.state).where(CheckoutAttempt.id == attempt_id)).one()
