"""A portal user's invitation: sent again, or handed over as a link."""

from __future__ import annotations

from uuid import UUID

from flask import make_response, render_template
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.members.answers import acted_on, back, portal_user, refusal_as_toast
from cornerspot.blueprints.members.blueprint import blueprint
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.blueprints.support.limits import limiter
from cornerspot.people.permissions import Permission
from cornerspot.portal.inviting import LASTS, new_invitation_link, resend_invitation


@blueprint.post("/portal-users/<id('ptu'):user_id>/invitation")
@gate(permission=Permission.MANAGE_PORTAL)
@limiter.limit("30 per minute; 500 per day")
def portal_invitations_create(user_id: UUID) -> ResponseReturnValue:
    return acted_on(user_id, resend_invitation, "A new invitation is on its way to {user.email}.")


@blueprint.post("/portal-users/<id('ptu'):user_id>/invitation/link")
@gate(permission=Permission.MANAGE_PORTAL)
def portal_invitation_links_create(user_id: UUID) -> ResponseReturnValue:
    """The page that shows the new link, this once."""
    user = portal_user(user_id)
    link = ""
    with refusal_as_toast():
        link = new_invitation_link(user, by=current_actor())
    if not link:
        return back()
    response = make_response(render_template("members/link.html", user=user, address=link, days=LASTS.days))
    response.headers["Cache-Control"] = "no-store"
    return response
