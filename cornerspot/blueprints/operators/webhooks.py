"""Stored webhooks of the installation's own Stripe account: what became of each, and once more those that are stuck."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.operators.blueprint import blueprint
from cornerspot.blueprints.support.gate import operator_route
from cornerspot.kit.errors import Conflict
from cornerspot.payments.models import EVENT_STATES
from cornerspot.payments.platform_inbox import (
    AGAIN,
    count_platform_events,
    platform_events_page,
    retry_platform_event,
)
from cornerspot.payments.stripe_plans import sells_plans


@blueprint.get("/operators/webhooks")
@operator_route("webhooks of the installation's own account, without their bodies")
def webhooks_index() -> ResponseReturnValue:
    state = request.args.get("state", "")
    if state not in ("", *EVENT_STATES):
        abort(404)
    try:
        page = platform_events_page(state=state, after=request.args.get("after", ""))
    except ValueError:
        abort(404)
    return render_template(
        "operators/webhooks/index.html",
        page=page,
        state=state,
        counts=count_platform_events(),
        again=AGAIN,
        sells=sells_plans(),
    )


@blueprint.post("/operators/webhooks/<uuid:event_id>/retry")
@operator_route("has the worker look at a webhook again")
def webhook_retries_create(event_id: UUID) -> ResponseReturnValue:
    try:
        retry_platform_event(event_id)
    except Conflict as refusal:
        flash(refusal.message, "error")
    else:
        flash("The webhook waits for the worker again.", "success")
    return redirect(url_for("operators.webhooks_index"), 303)
