"""The subscription's cards and invoices, which are looked after on the processor's pages."""

from __future__ import annotations

from contextlib import suppress

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.plans.blueprint import blueprint
from cornerspot.blueprints.plans.show import back_with
from cornerspot.blueprints.support.addresses import outside_url
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.blueprints.support.limits import limiter
from cornerspot.kit.errors import Conflict
from cornerspot.payments.provider import ProviderError
from cornerspot.people.permissions import Permission
from cornerspot.plans.buying import invoices_of_plan, manage_billing
from cornerspot.plans.syncing import sync_plan


@blueprint.post("/settings/plan/billing")
@gate(permission=Permission.CHANGE_PLAN)
@limiter.limit("20 per minute")
def plan_billing_create() -> ResponseReturnValue:
    back = outside_url("plans.plan_billing_landing")
    try:
        return redirect(manage_billing(by=current_actor(), return_url=back), 303)
    except Conflict as refusal:
        return back_with(refusal)


@blueprint.get("/settings/plan/billing/done")
@gate(permission=Permission.CHANGE_PLAN, writes_on_get=True)  # Asks the processor, and copies what it says.
@limiter.limit("60 per minute")
def plan_billing_landing() -> ResponseReturnValue:
    with suppress(ProviderError):  # The page shows what is known, and webhooks bring the rest.
        sync_plan()
    return redirect(url_for("plans.show"))


@blueprint.get("/settings/plan/invoices")
@gate(permission=Permission.MANAGE_FEATURES)
@limiter.limit("60 per minute")
def plan_invoices_index() -> ResponseReturnValue:
    return render_template("plans/invoices.html", invoices=invoices_of_plan())
