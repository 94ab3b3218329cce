"""Webhooks of the installation's own account: taken by the worker, one at a time, and seen by operators."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select, update

from cornerspot.db import session
from cornerspot.jobs.publishing import publish
from cornerspot.kit import clock
from cornerspot.kit.errors import Conflict, NotFound
from cornerspot.kit.paging import Page, decode_cursor, encode_cursor
from cornerspot.payments.events import PlatformEventStored
from cornerspot.payments.inbox import MOST_TRIES
from cornerspot.payments.models import PlatformEvent
from cornerspot.payments.stripe_plans import customer_of_event

PAGE_SIZE = 50
AGAIN = ("stuck", "ignored")  # what may change by being looked at once more


@dataclass(frozen=True)
class TakenPlatformEvent:
    """An event about a plan that is being worked on; ``customer_id`` is whom it names, "" for nobody."""

    id: UUID
    customer_id: str


def take_platform_event(event_id: UUID) -> TakenPlatformEvent | None:
    """One try more is counted; None when it is done with, or in somebody else's hands.

    Commit before calling the processor: the row is held until then.
    """
    row = session.scalars(
        select(PlatformEvent)
        .where(PlatformEvent.id == event_id, PlatformEvent.state == "new")
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        return None
    row.tries += 1
    return TakenPlatformEvent(row.id, customer_of_event(json.loads(row.body)))


def finish_platform_event(event_id: UUID, state: str, *, error: str = "") -> None:
    """The event is done with: ``done``, ``ignored`` (no team's), ``foreign`` or ``stuck``."""
    session.execute(
        update(PlatformEvent)
        .where(PlatformEvent.id == event_id)
        .values(state=state, error=error[:1000], processed_at=clock.now())
    )


def fail_platform_event(event_id: UUID, error: str) -> bool:
    """The event waits for its next try, or is stuck after the last one; whether another one is left."""
    row = _locked(event_id)
    if row.tries >= MOST_TRIES:
        finish_platform_event(event_id, "stuck", error=error)
        return False
    row.error = error[:1000]
    return True


def retry_platform_event(event_id: UUID) -> None:
    """The event waits for the worker as if it had just come.

    Raises NotFound, or Conflict for one that is done, waits already, or was meant for somebody else.
    """
    row = _locked(event_id)
    if row.state not in AGAIN:
        raise Conflict(f"This webhook is {row.state}: there is nothing to retry.")
    row.state, row.tries, row.error, row.processed_at = "new", 0, "", None
    session.flush()
    publish(PlatformEventStored(event_id))


def announce_waiting(*, older_than: timedelta = timedelta(minutes=15), most: int = 500) -> int:
    """Events whose job was lost have a new one; how many."""
    waiting = session.scalars(
        select(PlatformEvent.id)
        .where(PlatformEvent.state == "new", PlatformEvent.created_at < clock.now() - older_than)
        .order_by(PlatformEvent.created_at, PlatformEvent.id)
        .limit(most)
    ).all()
    for event_id in waiting:
        publish(PlatformEventStored(event_id))
    return len(waiting)


def platform_events_page(*, state: str = "", after: str = "") -> Page[PlatformEvent]:
    """Stored webhooks, the newest first; raises ValueError for a bad cursor."""
    statement = select(PlatformEvent).order_by(PlatformEvent.id.desc()).limit(PAGE_SIZE + 1)  # Ids grow with time.
    if state:
        statement = statement.where(PlatformEvent.state == state)
    if after:
        statement = statement.where(PlatformEvent.id < UUID(str(decode_cursor(after, parts=1)[0])))
    rows = list(session.scalars(statement))
    return Page(rows[:PAGE_SIZE], encode_cursor(str(rows[PAGE_SIZE - 1].id)) if len(rows) > PAGE_SIZE else None)


def count_platform_events() -> dict[str, int]:
    """How many are in each state."""
    counted = select(PlatformEvent.state, func.count()).group_by(PlatformEvent.state)
    return {str(state): int(number) for state, number in session.execute(counted)}


def _locked(event_id: UUID) -> PlatformEvent:
    row = session.scalars(
        select(PlatformEvent)
        .where(PlatformEvent.id == event_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such webhook.")
    return row
