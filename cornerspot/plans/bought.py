"""What a team's subscription gives it at a moment, by our copy alone: nobody is asked, so nobody can be down."""

from __future__ import annotations

from datetime import datetime, timedelta

from cornerspot.payments.stripe_plans import FULL, LATE, OVER
from cornerspot.plans.catalog import PLANS, PlanVersion
from cornerspot.plans.models import TeamPlan

PATIENCE = timedelta(days=14)  # how long a payment may be late before the plan is lost


def assigned_plan(team_plan: TeamPlan, now: datetime) -> PlanVersion:
    """The plan that an operator assigned, or the free one."""
    due = team_plan.next_plan_at is not None and team_plan.next_plan_at <= now
    return PLANS[team_plan.next_plan_key if due and team_plan.next_plan_key else team_plan.plan_key]


def bought_plan(team_plan: TeamPlan, now: datetime) -> PlanVersion | None:
    """The plan that the subscription gives; None without one, and while it gives nothing."""
    if not gives_plan(team_plan, now):
        return None
    key = team_plan.bought_plan_key
    if team_plan.bought_until is not None and team_plan.bought_until <= now:
        if team_plan.bought_ends:
            return None
        key = team_plan.bought_next_plan_key or key
    return PLANS.get(key or "")


def plan_at(team_plan: TeamPlan, now: datetime) -> PlanVersion:
    """The plan the team is on: what an operator assigned, else what it bought, else the free one."""
    assigned = assigned_plan(team_plan, now)
    return assigned if assigned.price_minor else bought_plan(team_plan, now) or assigned


def runs(team_plan: TeamPlan) -> bool:
    """Whether there is a subscription that is not over, whatever it gives."""
    return team_plan.bought_status is not None and team_plan.bought_status not in OVER


def gives_plan(team_plan: TeamPlan, now: datetime) -> bool:
    """Whether the subscription is paid, on trial, or late by less than our patience."""
    if team_plan.bought_status == LATE:
        ends_at = patience_ends_at(team_plan)
        return ends_at is None or now < ends_at
    return team_plan.bought_status in FULL


def waits_to_renew(team_plan: TeamPlan) -> bool:
    """Whether the subscription ends, or becomes that of another plan, when its period does."""
    return runs(team_plan) and (team_plan.bought_ends or team_plan.bought_next_plan_key is not None)


def patience_ends_at(team_plan: TeamPlan) -> datetime | None:
    """When a late payment costs the plan; None while none is late."""
    return None if team_plan.past_due_since is None else team_plan.past_due_since + PATIENCE
