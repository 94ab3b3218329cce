"""Buying a plan: to the processor's payment page, and back to what came of it."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.plans.blueprint import blueprint
from cornerspot.blueprints.plans.show import back_with
from cornerspot.blueprints.support.addresses import outside_url
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.blueprints.support.limits import limiter
from cornerspot.db.transaction import in_transaction
from cornerspot.kit import clock
from cornerspot.kit.errors import Conflict
from cornerspot.payments.provider import ProviderError
from cornerspot.people.permissions import Permission
from cornerspot.plans.assigning import team_plan_of_scope
from cornerspot.plans.bought import bought_plan
from cornerspot.plans.buying import begin_purchase
from cornerspot.plans.syncing import sync_plan

ON_ITS_WAY = "Your payment is being confirmed. Your plan changes as soon as it is, without you doing anything."


@blueprint.post("/settings/plan/purchases")
@gate(permission=Permission.CHANGE_PLAN)
@limiter.limit("20 per minute")
def plan_purchases_create() -> ResponseReturnValue:
    try:
        page = begin_purchase(
            request.form.get("plan", ""),
            by=current_actor(),
            success_url=outside_url("plans.plan_purchases_landing"),
            cancel_url=outside_url("plans.show", _anchor="change"),
        )
    except Conflict as refusal:
        return back_with(refusal)
    return redirect(page, 303)


@blueprint.get("/settings/plan/purchases/done")
@gate(permission=Permission.CHANGE_PLAN, writes_on_get=True)  # Asks the processor, and copies what it says.
@limiter.limit("60 per minute")
def plan_purchases_landing() -> ResponseReturnValue:
    try:
        sync_plan()
    except ProviderError:
        flash(ON_ITS_WAY, "info")
        return redirect(url_for("plans.show"))
    bought = in_transaction(lambda: bought_plan(team_plan_of_scope(), clock.now()))
    flash(f"You have {bought.name}." if bought else ON_ITS_WAY, "success" if bought else "info")
    return redirect(url_for("plans.show"))
