"""Teams of the installation: the list, one team, suspending and resuming it."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.operators.blueprint import blueprint
from cornerspot.blueprints.operators.forms import AssignmentForm, OverrideForm, SuspensionForm
from cornerspot.blueprints.operators.scope import current_operator, inside, team_or_404
from cornerspot.blueprints.operators.team_facts import TeamRow, team_facts, team_row, teams_page
from cornerspot.blueprints.support.forms import use_case
from cornerspot.blueprints.support.gate import operator_route
from cornerspot.plans.catalog import PLANS
from cornerspot.plans.features import FEATURES, LIMITS
from cornerspot.plans.standing import resume_team, suspend_team
from cornerspot.tenancy import CurrentTeam
from cornerspot.tenancy.models import TeamStatus


@blueprint.get("/operators")
@operator_route("the way in for operators")
def index() -> ResponseReturnValue:
    return redirect(url_for("operators.teams_index"))


@blueprint.get("/operators/teams")
@operator_route("all teams, with counts only")
def teams_index() -> ResponseReturnValue:
    search, status = request.args.get("q", "").strip()[:100], request.args.get("status", "")
    if status not in ("", *TeamStatus) or "\x00" in search:
        abort(404)
    try:
        page = teams_page(search=search, status=status, after=request.args.get("after", ""))
    except ValueError:
        abort(404)
    rows: list[TeamRow] = []
    for team in page.rows:
        with inside(team):
            rows.append(team_row(team))
    return render_template("operators/teams/index.html", rows=rows, page=page, search=search, status=status)


@blueprint.get("/operators/teams/<slug>")
@operator_route("one team's plan, exceptions and counts")
def teams_show(slug: str) -> ResponseReturnValue:
    return team_page(team_or_404(slug))


@blueprint.post("/operators/teams/<slug>/suspension")
@operator_route("makes a team read-only")
def team_suspensions_create(slug: str) -> ResponseReturnValue:
    team, form, operator = team_or_404(slug), SuspensionForm(), current_operator()
    if form.validate_on_submit():
        with use_case(form) as outcome, inside(team):
            suspend_team(by=operator, reason=form.suspension_reason.data or "")
        if outcome.ok:
            flash(f"{team.name} is suspended: its people can read, but change nothing.", "success")
            return redirect(url_for("operators.teams_show", slug=slug), 303)
    return team_page(team, suspension=form), 422


@blueprint.post("/operators/teams/<slug>/suspension/removal")
@operator_route("lets a team write again")
def team_suspensions_destroy(slug: str) -> ResponseReturnValue:
    team, operator = team_or_404(slug), current_operator()
    with inside(team):
        resume_team(by=operator)
    flash(f"{team.name} can work again.", "success")
    return redirect(url_for("operators.teams_show", slug=slug), 303)


def team_page(
    team: CurrentTeam,
    *,
    assignment: AssignmentForm | None = None,
    override: OverrideForm | None = None,
    suspension: SuspensionForm | None = None,
) -> str:
    """The page of a team, with the form that was refused, if one was."""
    with inside(team):
        facts = team_facts()
    return render_template(
        "operators/teams/show.html",
        shown=team,
        facts=facts,
        assignment=assignment or AssignmentForm(formdata=None, plan_key=facts.answers.plan.key),
        override=override or OverrideForm(formdata=None),
        suspension=suspension or SuspensionForm(formdata=None),
        plans=PLANS,
        words=FEATURES,
        limits=LIMITS,
    )
