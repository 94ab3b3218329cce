"""A team's plan, assigned by an operator."""

from __future__ import annotations

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.operators.blueprint import blueprint
from cornerspot.blueprints.operators.forms import AssignmentForm
from cornerspot.blueprints.operators.scope import current_operator, inside, team_or_404
from cornerspot.blueprints.operators.teams import team_page
from cornerspot.blueprints.support.forms import use_case
from cornerspot.blueprints.support.gate import operator_route
from cornerspot.plans.assigning import assign_plan
from cornerspot.plans.catalog import PLANS


@blueprint.post("/operators/teams/<slug>/plan")
@operator_route("assigns a plan")
def team_plans_update(slug: str) -> ResponseReturnValue:
    team, form, operator = team_or_404(slug), AssignmentForm(), current_operator()
    if form.validate_on_submit():
        with use_case(form) as outcome, inside(team):
            assign_plan(form.plan_key.data, by=operator, end_trial=bool(form.end_trial.data))
        if outcome.ok:
            flash(f"{team.name} is on {PLANS[form.plan_key.data].name}.", "success")
            return redirect(url_for("operators.teams_show", slug=slug), 303)
    return team_page(team, assignment=form), 422
