"""Hearing: a webhook is a hint that something happened; what, is read again at the processor."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from cornerspot.billing.models import CheckoutAttempt
from cornerspot.billing.online.exceptions import report
from cornerspot.billing.online.syncing import sync_page, sync_payment, sync_refund
from cornerspot.db import session
from cornerspot.db.transaction import in_transaction
from cornerspot.jobs.queue import GiveUp
from cornerspot.payments.inbox import TakenEvent, fail, finish, take
from cornerspot.payments.provider import ProviderError
from cornerspot.tenancy import current_tenant_id


def sync_event(event_id: UUID) -> None:
    """What the event hints at is in our books, and the event done with; harmless when it was before.

    Runs transactions of its own. Raises ProviderError to be tried again, GiveUp after the
    last try, when a person finds it on the list of what needs attention.
    """
    event = in_transaction(lambda: take(event_id))
    if event is None:
        return
    try:
        state = _follow(event)
    except ProviderError as error:
        message = f"{type(error).__name__}: {error.message}"
        if in_transaction(lambda: fail(event_id, message)):
            raise
        in_transaction(lambda: _tell(event, message))
        raise GiveUp(message) from error
    in_transaction(lambda: finish(event_id, state))


def _follow(event: TakenEvent) -> str:
    """Look at what the event is about; the state it is left in."""
    about, connection_id = event.about, event.processor_account_id
    if about.metadata.get("tenant", "") not in ("", str(current_tenant_id())):
        return "foreign"
    if about.kind == "checkout.session":
        attempt_id = in_transaction(lambda: _attempt_of(event))
        if attempt_id is None:
            return "ignored"
        sync_page(attempt_id, page_id=about.id)
        return "done"
    if about.payment_id:
        booked = sync_payment(connection_id, about.payment_id)
    else:
        booked = sync_refund(connection_id, about.id)
    return "ignored" if booked is None else "done"


def _attempt_of(event: TakenEvent) -> UUID | None:
    """The attempt whose page it is: by the page, or by our reference when our own call has not returned yet."""
    known = select(CheckoutAttempt.id).where(CheckoutAttempt.session_id == event.about.id)
    found = session.scalars(known).first()
    if found is not None:
        return found
    try:
        named = UUID(event.about.reference or event.about.metadata.get("attempt", ""))
    except ValueError:
        return None
    return session.scalars(select(CheckoutAttempt.id).where(CheckoutAttempt.id == named)).first()


def _tell(event: TakenEvent, message: str) -> None:
    report(
        "event_stuck",
        f"Cornerspot could not follow a message of Stripe about {event.about.id} ({message}). "
        "Check with Stripe now, or look at it in Stripe.",
        dedupe_key=str(event.id),
        stripe_object_id=event.about.id,
    )
