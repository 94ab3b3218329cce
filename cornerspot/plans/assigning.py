"""Giving a team a plan: the trial it starts with, and what an operator or a purchase assigns."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from cornerspot.db import session
from cornerspot.db.locks import lock
from cornerspot.kit import clock
from cornerspot.kit.errors import Invalid
from cornerspot.plans.catalog import PLANS, STARTING_PLAN_KEY, TRIAL_DAYS, TRIAL_PLAN_KEY
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


def assign_plan(plan_key: str, *, end_trial: bool = False) -> TeamPlan:
    """The team of the scope has this plan from now on; raises Invalid for an unknown key."""
    if plan_key not in PLANS:
        raise Invalid(f"There is no plan {plan_key}. Known: {', '.join(PLANS)}.", field="plan_key")
    team_plan = lock(session.scalars(select(TeamPlan)).one())
    team_plan.plan_key, team_plan.started_at = plan_key, clock.now()
    team_plan.next_plan_key = team_plan.next_plan_at = None
    if end_trial:
        team_plan.trial_plan_key = team_plan.trial_ends_at = None
    return team_plan
