"""Asking the operators for a plan that costs more."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.plans.blueprint import blueprint
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.people.permissions import Permission
from cornerspot.plans.changing import request_plan


@blueprint.post("/settings/plan/requests")
@gate(permission=Permission.CHANGE_PLAN)
def plan_requests_create() -> ResponseReturnValue:
    change = request_plan(request.form.get("plan", ""), by=current_actor())
    flash(f"You asked for {change.target.name}. You get it as soon as it is confirmed.", "success")
    return redirect(url_for("plans.show"), 303)
