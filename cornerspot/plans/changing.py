"""Changing the plan: what it means, when it happens, and what stands in the way.

More happens now. Less happens when what was paid for ends, or, for a plan that an
operator assigned, at the end of the calendar month in the team's own zone. A plan that
costs more is bought where the installation sells plans, else the owner asks for it here.
A plan that costs less is the owner's own decision. ``buying`` does what the processor
has a part in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo

from cornerspot.activity.recording import record
from cornerspot.kit import clock
from cornerspot.kit.errors import Conflict, Invalid
from cornerspot.payments.stripe_plans import FULL, sells_plans
from cornerspot.people.actors import SYSTEM, Actor
from cornerspot.people.permissions import Permission
from cornerspot.plans.assigning import find_plan, locked_team_plan, team_plan_of_scope
from cornerspot.plans.bought import assigned_plan, runs
from cornerspot.plans.catalog import PlanVersion
from cornerspot.plans.entitlements import Entitlements, entitlements
from cornerspot.plans.features import LIMITS, Feature, Limit
from cornerspot.plans.models import TeamPlan
from cornerspot.plans.usage import Usage, used
from cornerspot.tenancy import current_team

# Counted afresh each month, so they cannot stand in the way of a change at its end.
MONTHLY = frozenset({Limit.FINALIZED_INVOICES})


class Way(StrEnum):
    """How a team gets from its plan to another."""

    ASK = "ask"  # the operators are asked
    BUY = "buy"  # a payment page, and the plan is had once it is paid
    SWITCH = "switch"  # the subscription changes now
    RENEW = "renew"  # the subscription is another one, or ends, when its period does
    WAIT = "wait"  # an assigned plan ends with the month
    MEND = "mend"  # a payment is open, and comes first


class LimitsExceeded(Conflict):
    """The team uses more than the plan allows; ``exceeded`` lists every limit."""

    def __init__(self, plan: PlanVersion, exceeded: list[Usage]) -> None:
        parts = [f"{each.size} {LIMITS[each.limit].name.lower()}, and you have {each.used}" for each in exceeded]
        super().__init__(f"{plan.name} allows {'; '.join(parts)}. Reduce them first.")
        self.exceeded = exceeded


@dataclass(frozen=True)
class PlanChange:
    """What moving from one plan to another means. ``happens_at`` None is now."""

    current: PlanVersion
    target: PlanVersion
    gained: list[Feature]
    lost: list[Feature]
    limits: list[tuple[Limit, int | None, int | None]]
    exceeded: list[Usage]
    happens_at: datetime | None
    way: Way

    @property
    def is_upgrade(self) -> bool:
        return self.target.price_minor > self.current.price_minor

    @property
    def is_blocked(self) -> bool:
        return bool(self.exceeded)


def preview_change(plan_key: str, answers: Entitlements | None = None) -> PlanChange:
    """What the change would mean for the team of the scope; raises Invalid for a plan it cannot choose."""
    target = find_plan(plan_key)
    answers = answers or entitlements()
    if not target.is_offered or target.key == answers.plan.key:
        raise Invalid("Choose another plan from the list.", field="plan_key")
    now_in = answers.plan.features
    team_plan = team_plan_of_scope()
    is_upgrade = target.price_minor > answers.plan.price_minor
    way = _way(team_plan, is_upgrade=is_upgrade)
    return PlanChange(
        current=answers.plan,
        target=target,
        gained=[feature for feature in Feature if feature in target.features - now_in],
        lost=[feature for feature in Feature if feature in now_in - target.features],
        limits=[(limit, answers.plan.limits.get(limit), target.limits.get(limit)) for limit in Limit],
        exceeded=_exceeded(target),
        happens_at=None if is_upgrade else team_plan.bought_until if way is Way.RENEW else end_of_month(),
        way=way,
    )


def schedule_downgrade(plan_key: str, *, by: Actor) -> PlanChange:
    """The team moves to the cheaper plan when the month ends, and keeps what it has until then.

    Raises PermissionDenied, Invalid for an unknown or dearer plan, LimitsExceeded.
    """
    by.require(Permission.CHANGE_PLAN)
    team_plan = locked_team_plan()
    change = preview_change(plan_key)
    if change.is_upgrade:
        raise Invalid(f"{change.target.name} costs more than your plan: ask for it instead.", field="plan_key")
    if change.way is not Way.WAIT:
        raise Conflict("Your subscription decides on your plan. Change it under Plan & features.")
    if change.is_blocked:
        raise LimitsExceeded(change.target, change.exceeded)
    team_plan.wait_for(change.target.key, at=change.happens_at)
    record(team_plan, "downgrade_scheduled", by=by, plan=change.target.key, happens_at=change.happens_at)
    return change


def cancel_downgrade(*, by: Actor) -> None:
    """The team stays on its plan; raises PermissionDenied, or Conflict when nothing is scheduled."""
    by.require(Permission.CHANGE_PLAN)
    team_plan = locked_team_plan()
    if team_plan.next_plan_key is None:
        raise Conflict("No change of plan is scheduled.")
    cancelled = team_plan.next_plan_key
    team_plan.wait_for(None, at=None)
    record(team_plan, "downgrade_cancelled", by=by, plan=cancelled)


def request_plan(plan_key: str, *, by: Actor) -> PlanChange:
    """The operators see that the owner wants this plan; raises PermissionDenied, Invalid."""
    by.require(Permission.CHANGE_PLAN)
    team_plan = locked_team_plan()
    change = preview_change(plan_key)
    if not change.is_upgrade:
        raise Invalid(f"You can move to {change.target.name} yourself.", field="plan_key")
    team_plan.request(change.target.key, at=clock.now())
    record(team_plan, "requested", by=by, plan=change.target.key)
    return change


def apply_due_changes() -> list[str]:
    """A downgrade whose day has come is done, a trial that ended is noted; returns what happened.

    For the schedule, once per team and hour; harmless when repeated. What a team
    may use does not wait for it: ``entitlements`` reads the same dates.
    """
    team_plan, now = locked_team_plan(), clock.now()
    happened = []
    if team_plan.next_plan_key and team_plan.next_plan_at and team_plan.next_plan_at <= now:
        previous, due = team_plan.plan_key, team_plan.next_plan_key
        team_plan.move_to(due, at=team_plan.next_plan_at)
        record(team_plan, "changed", by=SYSTEM, previous=previous, plan=due)
        happened.append("changed")
    if team_plan.trial_ends_at is not None and team_plan.trial_ends_at <= now:
        ended = team_plan.trial_plan_key
        team_plan.end_trial()
        record(team_plan, "trial_ended", by=SYSTEM, plan=ended)
        happened.append("trial_ended")
    return happened


def end_of_month() -> datetime:
    """The first moment of the next calendar month in the zone of the team of the scope."""
    zone = current_team().time_zone
    today = clock.today(zone)
    first = date(today.year + today.month // 12, today.month % 12 + 1, 1)
    return datetime.combine(first, time.min, ZoneInfo(zone))


def _way(team_plan: TeamPlan, *, is_upgrade: bool) -> Way:
    """An operator's assignment, while there is one, wins over a subscription that runs beside it."""
    if runs(team_plan) and not assigned_plan(team_plan, clock.now()).price_minor:
        if team_plan.bought_status not in FULL or not sells_plans():
            return Way.MEND
        return Way.SWITCH if is_upgrade else Way.RENEW
    if not is_upgrade:
        return Way.WAIT
    return Way.BUY if sells_plans() and not runs(team_plan) else Way.ASK


def _exceeded(target: PlanVersion) -> list[Usage]:
    measured = [Usage(limit, used(limit), size) for limit, size in target.limits.items() if limit not in MONTHLY]
    return [each for each in measured if each.over_by]
