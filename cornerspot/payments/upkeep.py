"""What the worker does for a team's connection."""

from __future__ import annotations

from uuid import UUID

from cornerspot.db.transaction import in_transaction
from cornerspot.jobs.registry import task
from cornerspot.payments import inbox


@task("payments.take_connection_event", own_transactions=True)
def take_connection_event(event_id: str) -> None:
    """The connection stands as Stripe says it does, since an event hinted that it changed."""
    taken = in_transaction(lambda: inbox.take(UUID(event_id)))
    if taken is None:
        return
    in_transaction(lambda: inbox.finish(taken.id, "ignored"))
