"""Webhooks: stored before anything is done about them, then taken by the worker, one at a time.

Storing is insert-or-ignore, so that a repeated delivery is the same row. What an event is about
is found by the object it carries; what happened is read again at Stripe by whoever takes it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Table, bindparam, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from cornerspot.db import session
from cornerspot.db.straight import as_text
from cornerspot.db.transaction import in_transaction
from cornerspot.jobs.publishing import insert_jobs, job_of, jobs_of, publish
from cornerspot.jobs.queue import NewJob, as_value, with_jobs
from cornerspot.kit import clock, ids
from cornerspot.kit.sealing import unseal
from cornerspot.payments.events import PlatformEventStored, ProcessorEventStored
from cornerspot.payments.models import PlatformEvent, ProcessorAccount, ProcessorOwner, StripeEvent
from cornerspot.payments.provider import EventRecord
from cornerspot.payments.stripe_webhooks import EventObject, NotFromStripe, SignedEvent, event_of
from cornerspot.settings import current_settings
from cornerspot.tenancy.straight import first_row_of_team, is_of_team, lone_row_of_team

MOST_TRIES = 8
HEARD_FROM_EVERY = timedelta(minutes=1)  # Finer would have all of a team's webhooks wait for one row.
ABOUT_CONNECTION = ("account", "application")
# Made once and past the unit of work: hundreds of these come in a second.
_EVENTS: Table = StripeEvent.__table__  # type: ignore[assignment]
_STORE = with_jobs(as_text(insert(_EVENTS).on_conflict_do_nothing().returning(_EVENTS.c.id)))
ABOUT_MONEY = ("checkout.session", "payment_intent", "charge", "refund", "dispute")


@dataclass(frozen=True)
class TakenEvent:
    """An event that is being worked on, for the ``tries``-th time."""

    id: UUID
    processor_account_id: UUID
    type: str
    about: EventObject
    tries: int

    @property
    def is_about_money(self) -> bool:
        return self.about.kind in ABOUT_MONEY

    @property
    def is_about_connection(self) -> bool:
        return self.about.kind in ABOUT_CONNECTION


@dataclass(frozen=True)
class Endpoint:
    """What of a connection its webhooks are judged by."""

    id: UUID
    stripe_account_id: str
    livemode: bool
    sealed_webhook_secret: str | None
    sealed_previous_secret: str | None
    previous_secret_until: datetime | None
    last_event_at: datetime | None


_ENDPOINT = as_text(
    select(*(getattr(ProcessorAccount, field.name) for field in fields(Endpoint))).where(
        is_of_team(ProcessorAccount), ProcessorAccount.id == bindparam("wanted")
    )
)


def endpoint(account_id: UUID) -> Endpoint | None:
    """The team's connection with this id, over or not, as one that webhooks come to; a transaction of its own."""
    found = lone_row_of_team(_ENDPOINT, {"wanted": account_id})
    return Endpoint(*found) if found else None


def webhook_secrets(account: ProcessorAccount | Endpoint) -> list[str]:
    """The secrets that webhooks of this connection may be signed with: the newest, and for a day the one before."""
    sealed = [account.sealed_webhook_secret]
    if account.previous_secret_until is not None and account.previous_secret_until > clock.now():
        sealed.append(account.sealed_previous_secret)
    key = current_settings().secret_key
    return [secret for secret in (unseal(kept, key=key) for kept in sealed if kept) if secret]


def receive_event(account: Endpoint, event: SignedEvent, body: bytes) -> None:
    """As ``store_event``, in a transaction of its own; and the connection was heard from, to the minute."""
    row = _new_row(account, event, body, source="webhook")
    if lone_row_of_team(_STORE, row) is not None and _was_quiet(account):
        in_transaction(lambda: _hear_from(account.id))


def store_event(account: ProcessorAccount, event: SignedEvent, body: bytes, *, source: str = "webhook") -> UUID | None:
    """The event waits in the team's inbox and for the worker; its row's id, None when it was there already.

    One that names another account, or is live where the connection is for tests, is kept as
    ``foreign`` and worked on by nobody.
    """
    row = _new_row(account, event, body, source=source)
    if first_row_of_team(_STORE, row) is None:
        return None
    if source == "webhook" and _was_quiet(account):
        _hear_from(account.id)
    event_id: UUID = row["id"]
    return event_id


def _new_row(account: ProcessorAccount | Endpoint, event: SignedEvent, body: bytes, *, source: str) -> dict[str, Any]:
    """The values of ``_STORE``."""
    is_foreign = event.livemode != account.livemode or event.account not in ("", account.stripe_account_id)
    event_id = ids.new_id()
    return {
        "id": event_id,
        "created_at": clock.now(),
        "processor_account_id": account.id,
        "event_id": event.id,
        "type": event.type,
        "object_id": event.about.id,
        "livemode": event.livemode,
        "source": source,
        "body": body,
        "happened_at": event.happened_at,
        "state": "foreign" if is_foreign else "new",
        "tries": 0,
        "error": "",
        "processed_at": None,
        "jobs": as_value([] if is_foreign else _jobs(event_id, event.about.kind)),
    }


def store_swept(account: ProcessorAccount, record: EventRecord) -> UUID | None:
    """An event of Stripe's list waits in the inbox like a webhook; None when it was there already.

    Raises NotFromStripe for one that cannot be read.
    """
    return store_event(account, event_of(json.loads(record.body)), record.body, source="sweep")


def announce(event_id: UUID, kind: str) -> None:
    """Whoever works on events about such an object does so once this transaction has committed."""
    insert_jobs(_jobs(event_id, kind))


def _jobs(event_id: UUID, kind: str) -> list[NewJob]:
    """The jobs of whoever works on events about such an object."""
    if kind in ABOUT_CONNECTION:
        return [job_of("payments.take_connection_event", event_id=event_id)]
    return jobs_of(ProcessorEventStored(event_id))


def store_platform_event(endpoint: str, event: SignedEvent, body: bytes, *, state: str = "new") -> UUID | None:
    """The event of the installation's own account is kept; its id, None when it was there already."""
    row = {
        "id": ids.new_id(),
        "created_at": clock.now(),
        "endpoint": endpoint,
        "event_id": event.id,
        "type": event.type,
        "object_id": event.about.id,
        "stripe_account_id": event.account,
        "livemode": event.livemode,
        "body": body,
        "state": state,
    }
    statement = insert(PlatformEvent).values(row).on_conflict_do_nothing().returning(PlatformEvent.id)
    stored = session.execute(statement).scalar()
    if stored is not None and state == "new":
        publish(PlatformEventStored(stored))
    return stored


def team_of_stripe_account(stripe_account_id: str, *, livemode: bool) -> UUID | None:
    """The team whose account it is; for the system's scope."""
    return session.scalars(
        select(ProcessorOwner.team_id).where(
            ProcessorOwner.stripe_account_id == stripe_account_id, ProcessorOwner.livemode == livemode
        )
    ).one_or_none()


def connected_account(stripe_account_id: str, *, livemode: bool) -> ProcessorAccount | None:
    """The team's connection by OAuth to this account, while there is one."""
    return session.scalars(
        select(ProcessorAccount).where(
            ProcessorAccount.kind == "oauth",
            ProcessorAccount.stripe_account_id == stripe_account_id,
            ProcessorAccount.livemode == livemode,
            ProcessorAccount.state != "disconnected",
        )
    ).one_or_none()


def take(event_id: UUID) -> TakenEvent | None:
    """One try more is counted, and what the event is about is known.

    None when it is done with, or in somebody else's hands this moment. Commit before calling
    Stripe: the row is held until then. An event that cannot be read is stuck at once.
    """
    row = session.scalars(
        select(StripeEvent)
        .where(StripeEvent.id == event_id, StripeEvent.state == "new")
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        return None
    row.tries += 1
    try:
        about = event_of(json.loads(row.body)).about
    except (NotFromStripe, ValueError) as error:
        finish(event_id, "stuck", error=f"This event cannot be read: {error!r}")
        return None
    return TakenEvent(row.id, row.processor_account_id, row.type, about, row.tries)


def finish(event_id: UUID, state: str, *, error: str = "") -> None:
    """The event is done with: ``done``, ``ignored`` (none of our business), ``foreign`` or ``stuck``."""
    session.execute(
        update(StripeEvent)
        .where(StripeEvent.id == event_id)
        .values(state=state, error=error[:1000], processed_at=clock.now())
    )


def fail(event_id: UUID, error: str) -> bool:
    """The event waits for its next try, or is stuck after the last one; whether another one is left."""
    row = session.scalars(
        select(StripeEvent).where(StripeEvent.id == event_id).execution_options(populate_existing=True)
    ).one()
    if row.tries >= MOST_TRIES:
        finish(event_id, "stuck", error=error)
        return False
    row.error = error[:1000]
    session.flush()
    return True


def retry(event_id: UUID) -> None:
    """A stuck or ignored event waits again, as if it had just come: for a person, or for code that learned its type."""
    row = session.scalars(select(StripeEvent).where(StripeEvent.id == event_id).with_for_update()).one()
    row.state, row.tries, row.error, row.processed_at = "new", 0, "", None
    session.flush()
    announce(event_id, event_of(json.loads(row.body)).about.kind)


def waiting_events(*, older_than: timedelta = timedelta(minutes=5), most: int = 500) -> list[UUID]:
    """Events that came a while ago and were not worked on, the oldest first: their jobs were lost."""
    return list(
        session.scalars(
            select(StripeEvent.id)
            .where(StripeEvent.state == "new", StripeEvent.created_at < clock.now() - older_than)
            .order_by(StripeEvent.created_at, StripeEvent.id)
            .limit(most)
        )
    )


def _was_quiet(account: ProcessorAccount | Endpoint) -> bool:
    """Whether nothing was heard of the connection for a minute."""
    return account.last_event_at is None or account.last_event_at <= clock.now() - HEARD_FROM_EVERY


def _hear_from(account_id: UUID) -> None:
    """The connection was heard from just now; one of those that come at once says so."""
    now = clock.now()
    session.execute(
        update(ProcessorAccount)
        .where(
            ProcessorAccount.id == account_id,
            or_(
                ProcessorAccount.last_event_at.is_(None),
                ProcessorAccount.last_event_at <= now - HEARD_FROM_EVERY,
            ),
        )
        .values(last_event_at=now)
    )
