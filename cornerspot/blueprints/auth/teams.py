"""Choosing a team, switching to another one, and arriving there with a ticket."""

from __future__ import annotations

from flask import make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.auth.blueprint import blueprint
from cornerspot.blueprints.auth.entering import entry_address
from cornerspot.blueprints.auth.forms import EmptyForm
from cornerspot.blueprints.support.gate import person_route, public_route
from cornerspot.blueprints.support.identity import current_sign_in, sign_in_browser
from cornerspot.blueprints.support.limits import limiter
from cornerspot.db import session
from cornerspot.people.handing_off import TicketUnusable, team_to_enter, use_ticket
from cornerspot.people.teams import teams_of


@blueprint.get("/teams")
@person_route("a person chooses among the own teams", in_team=None)
def teams_index() -> ResponseReturnValue:
    user = current_sign_in()
    return render_template("auth/teams.html", teams=teams_of(user.person), person=user.person, form=EmptyForm())


@blueprint.post("/teams/<slug>/entry")
@person_route("a person enters one of the own teams", in_team=None)
def team_switch(slug: str) -> ResponseReturnValue:
    user = current_sign_in()
    team = team_to_enter(user.person, slug)
    return redirect(entry_address(user.person, team_id=team.id, slug=team.slug, browser_id=user.row.browser_id))


@blueprint.get("/enter")
@public_route("the ticket is the proof", in_team=True, writes_on_get=True)
@limiter.limit("30 per minute")
def enter() -> ResponseReturnValue:
    """Sign this browser in by a ticket; a used, old or foreign one leads back to signing in."""
    try:
        if request.headers.get("Sec-Fetch-Site") == "cross-site":
            raise TicketUnusable()  # Somebody else's page must not sign this browser in as somebody.
        person, browser_id = use_ticket(request.args.get("ticket", "")[:200])
    except TicketUnusable:
        session.rollback()
        response = make_response(render_template("auth/ticket_unusable.html"), 410)
    else:
        sign_in_browser(person, browser_id=browser_id)
        response = make_response(redirect(f"{request.script_root}/"))
    response.headers["Referrer-Policy"] = "no-referrer"  # The ticket stands in this page's address.
    return response
