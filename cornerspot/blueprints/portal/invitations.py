"""Accepting an invitation to the portal: the link is the proof, a password is chosen."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.portal.answers import kept_private
from cornerspot.blueprints.portal.blueprint import blueprint
from cornerspot.blueprints.portal.forms import AcceptForm
from cornerspot.blueprints.support.forms import use_case
from cornerspot.blueprints.support.gate import public_route
from cornerspot.blueprints.support.limits import limiter
from cornerspot.blueprints.support.members import sign_in_member
from cornerspot.portal.accepting import (
    PortalInvitationUnusable,
    accept_invitation,
    find_invitation,
    require_usable,
)
from cornerspot.portal.branding import branding


@blueprint.get("/invitations/<token>")
@public_route("the link is the proof", in_team=True)
def invitations_show(token: str) -> ResponseReturnValue:
    _, user = find_invitation(token)
    return _page(token, AcceptForm(formdata=None, data={"name": user.name}))


@blueprint.post("/invitations/<token>")
@public_route("the link is the proof", in_team=True)
@limiter.limit("10 per minute; 60 per hour")
def invitations_update(token: str) -> ResponseReturnValue:
    invitation, user = find_invitation(token)
    form = AcceptForm()
    if not form.validate_on_submit():
        return _page(token, form, status=422)
    with use_case(form) as outcome:
        accept_invitation(invitation, user, name=form.name.data or "", password=form.password.data or "")
        sign_in_member(user)
    if not outcome.ok:
        return _page(token, form, status=422)
    flash(f"Welcome to {branding().title}.", "success")
    return redirect(url_for("portal.home_index"), 303)


def _page(token: str, form: AcceptForm, *, status: int = 200) -> ResponseReturnValue:
    invitation, user = find_invitation(token)
    try:
        require_usable(invitation, user)
    except PortalInvitationUnusable as error:
        return kept_private((render_template("portal/invitation_unusable.html", message=error.message), 410))
    return kept_private((render_template("portal/invitation.html", user=user, form=form), status))
