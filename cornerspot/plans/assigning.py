"""Giving a team a plan: the trial it starts with, and what an operator or a purchase assigns."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from cornerspot.activity.recording import record
from cornerspot.db import session
from cornerspot.db.locks import lock
from cornerspot.kit import clock
from cornerspot.kit.errors import Invalid, PermissionDenied
from cornerspot.people.actors import SYSTEM, Actor
from cornerspot.plans.catalog import PLANS, STARTING_PLAN_KEY, TRIAL_DAYS, TRIAL_PLAN_KEY, PlanVersion
from cornerspot.plans.entitlements import forget_entitlements
from cornerspot.plans.models import TeamPlan


def start_trial() -> TeamPlan:
    """A new team is on the free plan with 30 days of the trial plan on top."""
    team_plan = TeamPlan(
        plan_key=STARTING_PLAN_KEY,
        trial_plan_key=TRIAL_PLAN_KEY,
        trial_ends_at=clock.now() + timedelta(days=TRIAL_DAYS),
    )
    session.add(team_plan)
    return team_plan


def assign_plan(plan_key: str, *, by: Actor = SYSTEM, end_trial: bool = False) -> TeamPlan:
    """The team of the scope has this plan from now on, and no change or request waits any more.

    Only for operators and the system. Raises Invalid for an unknown key.
    """
    require_operator(by)
    plan = find_plan(plan_key)
    team_plan = locked_team_plan()
    previous = team_plan.plan_key
    team_plan.move_to(plan.key, at=clock.now())
    if end_trial:
        team_plan.end_trial()
    if previous != plan.key:
        record(team_plan, "changed", by=by, previous=previous, plan=plan.key)
    return team_plan


def find_plan(plan_key: str) -> PlanVersion:
    """The plan version with this key; raises Invalid that lists the known ones."""
    if plan_key not in PLANS:
        raise Invalid(f"There is no plan {plan_key}. Known: {', '.join(PLANS)}.", field="plan_key")
    return PLANS[plan_key]


def team_plan_of_scope() -> TeamPlan:
    """The plan row of the team of the scope."""
    return session.scalars(select(TeamPlan)).one()


def locked_team_plan() -> TeamPlan:
    """The plan row of the team of the scope, held until the transaction ends."""
    team_plan = lock(team_plan_of_scope())
    forget_entitlements()  # What is decided from here on counts what others did before the lock was ours.
    return team_plan


def require_operator(by: Actor) -> None:
    """Pass for operators and the system; raises PermissionDenied."""
    if by.kind not in ("operator", "system"):
        raise PermissionDenied("Only an operator of this installation can do that.")
