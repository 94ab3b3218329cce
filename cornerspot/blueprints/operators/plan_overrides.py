"""Exceptions from a team's plan: made and ended by operators."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.operators.blueprint import blueprint
from cornerspot.blueprints.operators.forms import OverrideForm
from cornerspot.blueprints.operators.scope import current_operator, inside, team_or_404
from cornerspot.blueprints.operators.teams import team_page
from cornerspot.blueprints.support.forms import use_case
from cornerspot.blueprints.support.gate import operator_route
from cornerspot.blueprints.support.records import get_or_404
from cornerspot.kit.errors import Invalid
from cornerspot.people.actors import Actor
from cornerspot.plans.features import Feature, Limit
from cornerspot.plans.models import PlanOverride
from cornerspot.plans.overriding import end_override, grant_feature, revoke_feature, set_limit

FAR_YEAR = 2200


@blueprint.post("/operators/teams/<slug>/overrides")
@operator_route("makes an exception from a plan")
def plan_overrides_create(slug: str) -> ResponseReturnValue:
    team, form, operator = team_or_404(slug), OverrideForm(), current_operator()
    if form.validate_on_submit():
        with use_case(form) as outcome, inside(team):
            _make(form, team.time_zone, operator)
        if outcome.ok:
            flash("The exception counts from now on.", "success")
            return redirect(url_for("operators.teams_show", slug=slug), 303)
    return team_page(team, override=form), 422


@blueprint.post("/operators/teams/<slug>/overrides/<uuid:override_id>/end")
@operator_route("ends an exception from a plan")
def plan_overrides_destroy(slug: str, override_id: UUID) -> ResponseReturnValue:
    team, operator = team_or_404(slug), current_operator()
    with inside(team):
        end_override(get_or_404(PlanOverride, override_id), by=operator)
    flash("The exception has ended.", "success")
    return redirect(url_for("operators.teams_show", slug=slug), 303)


def _make(form: OverrideForm, zone: str, by: Actor) -> None:
    verb, _, name = form.subject.data.partition(":")
    reason, ends_at = form.reason.data or "", None
    if form.ends_on.data and form.ends_on.data.year >= FAR_YEAR:
        raise Invalid("Choose an earlier day, or leave it empty for good.", field="ends_on")
    if form.ends_on.data:  # The day counts to its end, in the team's own zone.
        ends_at = datetime.combine(form.ends_on.data + timedelta(days=1), time.min, ZoneInfo(zone))
    if verb == "limit":
        set_limit(Limit(name), form.limit_size.data, reason=reason, ends_at=ends_at, by=by)
    elif verb == "grant":
        grant_feature(Feature(name), reason=reason, ends_at=ends_at, by=by)
    else:
        revoke_feature(Feature(name), reason=reason, ends_at=ends_at, by=by)
