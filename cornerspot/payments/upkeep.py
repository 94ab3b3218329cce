"""What the worker does for a team's connection."""

from __future__ import annotations

from uuid import UUID

from cornerspot.db.transaction import in_transaction
from cornerspot.jobs.queue import GiveUp
from cornerspot.jobs.registry import task
from cornerspot.kit.errors import Conflict
from cornerspot.payments import connecting, consenting, inbox


@task("payments.take_connection_event", own_transactions=True)
def take_connection_event(event_id: str) -> None:
    """The connection stands as Stripe says it does, since an event hinted that it changed."""
    taken = in_transaction(lambda: inbox.take(UUID(event_id)))
    if taken is None:
        return
    try:
        recheck_connection()  # Also when the account left: it may have come back since.
    except Conflict as error:
        reason = error.message
        if in_transaction(lambda: inbox.fail(taken.id, reason)):
            raise
        raise GiveUp(reason) from error
    in_transaction(lambda: inbox.finish(taken.id, "done"))


@task("payments.recheck_connection", own_transactions=True)
def recheck_connection() -> None:
    """The team's connection is as Stripe describes it now, or over when Stripe no longer accepts it.

    For the night, and for whoever was refused by Stripe. Raises Conflict to be tried again.
    """
    account = in_transaction(connecting.live_account)
    if account is not None:
        connecting.recheck(account)


@task("payments.forget_states")
def forget_states() -> None:
    """Ways to Stripe that nobody came back from are gone."""
    consenting.forget_states()
