"""Changing the plan: first what it means, then doing it, or taking it back."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.plans.blueprint import blueprint
from cornerspot.blueprints.plans.show import back_with
from cornerspot.blueprints.support.context import request_entitlements
from cornerspot.blueprints.support.filters import date_text
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.blueprints.support.security import leads_to_processor
from cornerspot.db import session
from cornerspot.kit.errors import Conflict, Invalid
from cornerspot.people.permissions import Permission
from cornerspot.plans.assigning import team_plan_of_scope
from cornerspot.plans.bought import waits_to_renew
from cornerspot.plans.buying import change_bought_plan, keep_bought_plan, trial_left
from cornerspot.plans.changing import (
    LimitsExceeded,
    PlanChange,
    Way,
    cancel_downgrade,
    preview_change,
    schedule_downgrade,
)
from cornerspot.plans.features import FEATURES, LIMITS


@blueprint.get("/settings/plan/changes/new")
@gate(permission=Permission.CHANGE_PLAN)
def plan_changes_new() -> ResponseReturnValue:
    try:
        change = preview_change(request.args.get("plan", ""))
    except Invalid:
        return redirect(url_for("plans.show", _anchor="change"))
    return _page(change)


@blueprint.post("/settings/plan/changes")
@gate(permission=Permission.CHANGE_PLAN)
def plan_changes_create() -> ResponseReturnValue:
    plan_key = request.form.get("plan", "")
    is_bought = preview_change(plan_key).way in (Way.SWITCH, Way.RENEW)
    try:
        change = (change_bought_plan if is_bought else schedule_downgrade)(plan_key, by=current_actor())
    except LimitsExceeded:
        session.rollback()
        return _page(preview_change(plan_key)), 409
    except Conflict as refusal:
        return back_with(refusal)
    if change.happens_at is None:
        flash(f"You have {change.target.name}.", "success")
    else:
        flash(f"You move to {change.target.name} on {date_text(change.happens_at)}.", "success")
    return redirect(url_for("plans.show"), 303)


@blueprint.post("/settings/plan/changes/cancellation")
@gate(permission=Permission.CHANGE_PLAN)
def plan_changes_destroy() -> ResponseReturnValue:
    try:
        (keep_bought_plan if waits_to_renew(team_plan_of_scope()) else cancel_downgrade)(by=current_actor())
    except Conflict as refusal:
        return back_with(refusal)
    flash("You keep your plan.", "success")
    return redirect(url_for("plans.show"), 303)


def _page(change: PlanChange) -> str:
    if change.way in (Way.BUY, Way.MEND):
        leads_to_processor()
    return render_template(
        "plans/change.html",
        change=change,
        words=FEATURES,
        limits=LIMITS,
        answers=request_entitlements(),
        trial_ends_at=trial_left(change.target),
    )
