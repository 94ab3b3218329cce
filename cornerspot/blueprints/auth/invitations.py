"""Accepting an invitation to a team: with a new sign-in, or with the one a person has."""

from __future__ import annotations

from flask import flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from cornerspot.blueprints.auth.blueprint import blueprint
from cornerspot.blueprints.auth.forms import JoinAgainForm, JoinForm
from cornerspot.blueprints.support.forms import use_case
from cornerspot.blueprints.support.gate import public_route
from cornerspot.blueprints.support.identity import sign_in_browser
from cornerspot.blueprints.support.limits import limiter
from cornerspot.db import session
from cornerspot.kit.errors import Invalid
from cornerspot.onboarding.joining import accept_invitation
from cornerspot.people.invitations import InvitationUnusable, find_invitation, require_usable
from cornerspot.people.joining import create_person
from cornerspot.people.models import Invitation, Person
from cornerspot.people.signing_in import try_password
from cornerspot.tenancy import current_team


@blueprint.get("/invitations/<token>")
@public_route("the link is the proof", in_team=True)
def invitation_acceptances_new(token: str) -> ResponseReturnValue:
    invitation = find_invitation(token)
    return _page(invitation, _form(invitation))


@blueprint.post("/invitations/<token>")
@public_route("the link is the proof", in_team=True)
@limiter.limit("10 per minute; 60 per hour")
def invitation_acceptances_create(token: str) -> ResponseReturnValue:
    invitation = find_invitation(token)
    form = _form(invitation)
    if not form.validate_on_submit():
        return _page(invitation, form, status=422)
    with use_case(form) as outcome:
        person = _person(invitation, form)
        accept_invitation(invitation, person)
        sign_in_browser(person)
    if not outcome.ok:
        return _page(find_invitation(token), form, status=422)
    flash(f"Welcome to {current_team().name}.", "success")
    return redirect(url_for("home.index"))


def _person(invitation: Invitation, form: JoinForm | JoinAgainForm) -> Person:
    """The owner of the invited address: made now, or known by the right password; raises Invalid."""
    require_usable(invitation)
    if isinstance(form, JoinForm):
        return create_person(
            name=form.name.data or "",
            email=invitation.email,
            password=form.password.data or "",
            about=(current_team().name,),
        )
    attempt = try_password(invitation.email, form.password.data or "")
    if attempt.person is None:
        session.commit()  # The count of failures must stay although this answer is a refusal.
        raise Invalid(attempt.refusal, field="password")
    return attempt.person


def _form(invitation: Invitation) -> JoinForm | JoinAgainForm:
    known = session.scalar(select(Person.id).where(Person.email == invitation.email))
    return JoinForm() if known is None else JoinAgainForm()


def _page(invitation: Invitation, form: JoinForm | JoinAgainForm, *, status: int = 200) -> ResponseReturnValue:
    try:
        require_usable(invitation)
    except InvitationUnusable as error:
        page = render_template("auth/invitation_unusable.html", message=error.message), 410
    else:
        page = render_template("auth/invitation.html", invitation=invitation, form=form), status
    response = make_response(page)
    response.headers["Referrer-Policy"] = "no-referrer"  # The token stands in this page's address.
    return response
