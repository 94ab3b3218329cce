"""The Plan & features page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.plans.blueprint import blueprint
from cornerspot.blueprints.support.context import request_entitlements
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.blueprints.support.security import leads_to_processor
from cornerspot.kit import clock
from cornerspot.kit.errors import DomainError
from cornerspot.payments.stripe_plans import LATE, STOPPED, sells_plans
from cornerspot.people.permissions import Permission
from cornerspot.plans.assigning import team_plan_of_scope
from cornerspot.plans.bought import assigned_plan, gives_plan, patience_ends_at, runs
from cornerspot.plans.catalog import PLANS, PlanVersion, offered_plans, plans_with
from cornerspot.plans.entitlements import Answer, Entitlements
from cornerspot.plans.features import FEATURES, LIMITS, Description, Feature
from cornerspot.plans.models import TeamPlan
from cornerspot.plans.usage import usage_of


@dataclass(frozen=True)
class FeatureRow:
    """A feature as the table shows it. ``plans`` are the names of those that include it."""

    key: Feature
    words: Description
    answer: Answer
    in_trial_only: bool
    plans: list[str]


@blueprint.get("/settings/plan")
@gate(permission=Permission.MANAGE_FEATURES)
def show() -> ResponseReturnValue:
    answers, team_plan = request_entitlements(), team_plan_of_scope()
    subscription = subscription_of(team_plan)
    if team_plan.customer_id:
        leads_to_processor()
    return render_template(
        "plans/show.html",
        answers=answers,
        team_plan=team_plan,
        subscription=subscription,
        sells=sells_plans(),
        days_left=days_left(answers),
        usages=usage_of(answers),
        limits=LIMITS,
        features=[feature_row(feature, answers) for feature in Feature],
        conversion_lacks=[FEATURES[feature] for feature in answers.missing(Feature.CRM, Feature.BILLING)],
        plans=offered_plans(),
        next_plan=PLANS.get(team_plan.next_plan_key or ""),
        requested_plan=PLANS.get(team_plan.requested_plan_key or ""),
        may_change=current_actor().may(Permission.CHANGE_PLAN),
        words=FEATURES,
    )


@dataclass(frozen=True)
class SubscriptionFacts:
    """What the page says of a subscription that runs. ``trouble``: late, lapsed, stopped or unknown; "" for none.

    ``plan`` is what is paid for, ``next_plan`` what it renews as when that is another, and ``is_overruled``
    means that an operator's assignment wins over it.
    """

    plan: PlanVersion | None
    status: str
    ends: bool
    until: datetime | None
    next_plan: PlanVersion | None
    trouble: str
    patience_ends_at: datetime | None
    is_overruled: bool
    extra: int


def subscription_of(team_plan: TeamPlan) -> SubscriptionFacts | None:
    """The subscription by our copy; None for a team without one that runs."""
    if not runs(team_plan):
        return None
    now = clock.now()
    plan = PLANS.get(team_plan.bought_plan_key or "")
    gives = gives_plan(team_plan, now)
    if team_plan.bought_status == LATE:
        trouble = "late" if gives else "lapsed"
    elif not gives:
        trouble = "stopped" if team_plan.bought_status in STOPPED else "unknown"
    else:
        trouble = "" if plan else "unknown"
    return SubscriptionFacts(
        plan=plan,
        status=team_plan.bought_status or "",
        ends=team_plan.bought_ends,
        until=team_plan.bought_until,
        next_plan=PLANS.get(team_plan.bought_next_plan_key or ""),
        trouble=trouble,
        patience_ends_at=patience_ends_at(team_plan),
        is_overruled=bool(assigned_plan(team_plan, now).price_minor),
        extra=team_plan.bought_extra,
    )


def back_with(refusal: DomainError) -> ResponseReturnValue:
    """Back on the page, which says why it was not done."""
    flash(refusal.message, "error")
    return redirect(url_for("plans.show"), 303)


def feature_row(feature: Feature, answers: Entitlements) -> FeatureRow:
    """A feature with its answer and the plans that include it."""
    trial = answers.trial_plan
    return FeatureRow(
        feature,
        FEATURES[feature],
        answers.answer(feature),
        trial is not None and feature in trial.features - answers.plan.features,
        [plan.name for plan in plans_with(feature)],
    )


def days_left(answers: Entitlements) -> int | None:
    """Days of the trial that are left, the one that has begun included; None without a trial."""
    if answers.trial_ends_at is None:
        return None
    return (answers.trial_ends_at - clock.now()).days + 1
