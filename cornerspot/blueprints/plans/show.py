"""The Plan & features page."""

from __future__ import annotations

from dataclasses import dataclass

from flask import render_template
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.plans.blueprint import blueprint
from cornerspot.blueprints.support.context import request_entitlements
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.kit import clock
from cornerspot.people.permissions import Permission
from cornerspot.plans.assigning import team_plan_of_scope
from cornerspot.plans.catalog import PLANS, offered_plans, plans_with
from cornerspot.plans.entitlements import Answer, Entitlements
from cornerspot.plans.features import FEATURES, LIMITS, Description, Feature
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
    return render_template(
        "plans/show.html",
        answers=answers,
        team_plan=team_plan,
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
