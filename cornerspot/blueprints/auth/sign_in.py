"""Signing in to one team or to the installation, and signing out."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from cornerspot.blueprints.auth.blueprint import blueprint
from cornerspot.blueprints.auth.entering import enter_only_team
from cornerspot.blueprints.auth.forms import SignInForm
from cornerspot.blueprints.support.addresses import local_target
from cornerspot.blueprints.support.gate import person_route, public_route
from cornerspot.blueprints.support.identity import current_sign_in, sign_in_browser, sign_out_browser, signed_in
from cornerspot.blueprints.support.limits import limiter
from cornerspot.db import session
from cornerspot.people.models import Membership, Person
from cornerspot.people.sessions import end_all_sessions
from cornerspot.people.signing_in import try_password
from cornerspot.tenancy.http import team_of_request


@blueprint.get("/sign-in")
@public_route("this is where people sign in", in_team=None)
def sign_in_show() -> ResponseReturnValue:
    if signed_in() is not None:
        return redirect(_after_sign_in())
    return render_template("auth/sign_in.html", form=SignInForm())


@blueprint.post("/sign-in")
@public_route("this is where people sign in", in_team=None)
@limiter.limit("20 per minute; 200 per hour")
def sign_in_create() -> ResponseReturnValue:
    form = SignInForm()
    if not form.validate_on_submit():
        return render_template("auth/sign_in.html", form=form), 422
    attempt = try_password(form.email.data or "", form.password.data or "")
    refusal = attempt.refusal or _refusal_of_team(attempt.person)
    if attempt.person is None or refusal:
        session.commit()  # The count of failures must stay although this answer is a refusal.
        form.refused = refusal
        return render_template("auth/sign_in.html", form=form), 429 if attempt.is_locked else 422
    return _signed_in(attempt.person)


@blueprint.post("/sign-out")
@public_route("whoever is signed out already may ask again", in_team=None)
def sign_out() -> ResponseReturnValue:
    sign_out_browser()
    flash("You are signed out.", "success")
    return redirect(url_for("auth.sign_in_show"))


@blueprint.post("/sign-out/everywhere")
@person_route("a person ends the own sign-ins", in_team=None)
def sign_out_everywhere() -> ResponseReturnValue:
    end_all_sessions(current_sign_in().person)
    sign_out_browser()
    flash("You are signed out in every browser.", "success")
    return redirect(url_for("auth.sign_in_show"))


def _signed_in(person: Person) -> ResponseReturnValue:
    row = sign_in_browser(person)
    if team_of_request() is None and not request.args.get("next"):
        session.flush()  # Choosing a team reads what this sign-in wrote.
        only = enter_only_team(person, browser_id=row.browser_id)
        if only is not None:
            return redirect(only)
    return redirect(_after_sign_in())


def _after_sign_in() -> str:
    default = "/" if team_of_request() else url_for("auth.teams_index")
    return local_target(request.args.get("next"), default=default)


def _refusal_of_team(person: Person | None) -> str:
    """Why somebody whose password is right may still not enter this team; empty when they may."""
    team = team_of_request()
    if person is None or team is None:
        return ""
    membership = session.scalars(
        select(Membership).where(Membership.person_id == person.id, Membership.deactivated_at.is_(None))
    ).one_or_none()
    return "" if membership else f"You are not a teammate of {team.name}. Ask one of its admins to invite you."
