"""Syncing: our copy of a team's subscription made equal to the processor's, by one way for all.

Webhooks, the pages that people come back to, the schedule and our own changes call the same
function, as often as they like and at the same time. It reads everything the customer ever
bought, outside of a transaction, and writes in one; what was read before another copy was
written is read again, so an old answer never replaces a newer one.

The latest word wins: what a team buys replaces what an operator assigned before, and what an
operator assigns after that wins over what is bought, until the operator assigns the free plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from cornerspot.activity.recording import record
from cornerspot.db import session
from cornerspot.db.transaction import in_transaction
from cornerspot.jobs.queue import GiveUp
from cornerspot.kit import clock
from cornerspot.kit.errors import NotFound
from cornerspot.payments.platform_inbox import (
    TakenPlatformEvent,
    fail_platform_event,
    finish_platform_event,
    take_platform_event,
)
from cornerspot.payments.provider import ProviderError, ProviderUnsure
from cornerspot.payments.stripe_plans import FULL, LATE, OVER, PlanSubscription, plan_shop
from cornerspot.people.actors import SYSTEM
from cornerspot.plans.assigning import locked_team_plan, team_plan_of_scope
from cornerspot.plans.bought import assigned_plan, bought_plan, plan_at
from cornerspot.plans.catalog import PLANS, STARTING_PLAN_KEY
from cornerspot.plans.models import TeamPlan
from cornerspot.tenancy import team_scope

READINGS = 6
A_SECOND = timedelta(seconds=1)  # The processor's times have no fractions.


def sync_plan() -> None:
    """The team of the scope has what it bought, as the processor says.

    Nothing to do for a team that never went to buy. Runs transactions of its own. Raises ProviderError.
    """
    for _ in range(READINGS):
        customer_id, version = in_transaction(_seen)
        if customer_id is None:
            return
        told = plan_shop().subscriptions_of(customer_id)
        if in_transaction(lambda read=told, before=version: _write(read, before)):  # type: ignore[misc]
            return
    raise ProviderUnsure("This plan is being read by many at once.", code="read_again")


def sync_plan_event(event_id: UUID) -> None:
    """What the event hints at is in our copy, and the event done with; harmless when it was before.

    For the system's scope. Runs transactions of its own. Raises ProviderError to be tried
    again, GiveUp after the last try, when an operator finds it among the webhooks.
    """
    taken = in_transaction(lambda: take_platform_event(event_id))
    if taken is None:
        return
    try:
        state = _follow(taken)
    except ProviderError as error:
        message = f"{type(error).__name__}: {error.message}"
        if in_transaction(lambda: fail_platform_event(event_id, message)):
            raise
        raise GiveUp(message) from error
    in_transaction(lambda: finish_platform_event(event_id, state))


def _follow(event: TakenPlatformEvent) -> str:
    """Sync the team whose customer it is, by the processor's word and not by the event's."""
    named = plan_shop().team_of(event.customer_id) if event.customer_id else ""
    try:
        with team_scope(UUID(named)):
            if in_transaction(_seen)[0] != event.customer_id:
                return "foreign"
            sync_plan()
    except (ValueError, NotFound):
        return "ignored"
    return "done"


def _seen() -> tuple[str | None, int]:
    session.expire_all()
    team_plan = team_plan_of_scope()
    return team_plan.customer_id, team_plan.bought_version


def _write(told: Sequence[PlanSubscription], version: int) -> bool:
    """Copy what was read, unless somebody copied something since; whether it was copied."""
    team_plan, now = locked_team_plan(), clock.now()
    if team_plan.bought_version != version:
        return False
    before, status, extra = plan_at(team_plan, now), team_plan.bought_status, team_plan.bought_extra
    _copy(team_plan, told)
    team_plan.bought_version += 1
    _settle(team_plan, told)
    session.flush()
    after = plan_at(team_plan, now)
    if before != after:
        record(team_plan, "changed", by=SYSTEM, previous=before.key, plan=after.key)
    if team_plan.bought_status != status and team_plan.bought_status not in {*FULL, *OVER, None}:
        record(team_plan, "payment_failed", by=SYSTEM, status=team_plan.bought_status)
    if team_plan.bought_extra > extra:
        record(team_plan, "bought_twice", by=SYSTEM)
    return True


def _copy(team_plan: TeamPlan, told: Sequence[PlanSubscription]) -> None:
    held = _the_one_that_counts(told)
    if held is None:
        team_plan.forget_bought()
        return
    # What was paid for stays until the period ends, although the price is that of the next one already.
    is_paid_period = held.paid_until is not None and held.paid_until >= held.period_ends_at
    key = held.paid_plan_key if is_paid_period else held.plan_key
    team_plan.bought_id, team_plan.bought_status = held.id, held.status
    team_plan.bought_plan_key = key if key in PLANS else None
    team_plan.bought_next_plan_key = held.plan_key if held.plan_key != key and held.plan_key in PLANS else None
    team_plan.bought_until, team_plan.bought_ends = held.period_ends_at, held.cancels
    team_plan.past_due_since = (team_plan.past_due_since or clock.now()) if held.status == LATE else None
    team_plan.bought_extra = max(0, sum(each.status in {*FULL, LATE} for each in told) - 1)


def _the_one_that_counts(told: Sequence[PlanSubscription]) -> PlanSubscription | None:
    """The first that gives something; else the last that might again; else the last of those that are over."""
    for statuses in (FULL, {LATE}):
        giving = [each for each in told if each.status in statuses]
        if giving:
            return giving[0]
    rest = [each for each in told if each.status not in OVER] or list(told)
    return rest[-1] if rest else None


def _settle(team_plan: TeamPlan, told: Sequence[PlanSubscription]) -> None:
    """What was bought ends what an operator had assigned before, and answers a request for the same plan."""
    now = clock.now()
    bought = bought_plan(team_plan, now)
    if bought is None:
        return
    held = next(each for each in told if each.id == team_plan.bought_id)
    if assigned_plan(team_plan, now).price_minor and held.created_at + A_SECOND > team_plan.started_at:
        team_plan.move_to(STARTING_PLAN_KEY, at=now)
    if team_plan.requested_plan_key == bought.key:
        team_plan.request(None, at=None)
