"""Inviting teammates, sending an invitation again, withdrawing it."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.settings.blueprint import blueprint
from cornerspot.blueprints.settings.forms import InvitationForm
from cornerspot.blueprints.settings.teammates import refusal_as_toast, teammates_page
from cornerspot.blueprints.support.forms import use_case
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.blueprints.support.limits import limiter
from cornerspot.blueprints.support.records import get_or_404
from cornerspot.onboarding.inviting import invite_teammate, resend_invitation
from cornerspot.people.invitations import revoke_invitation
from cornerspot.people.models import Invitation, Role
from cornerspot.people.permissions import Permission


@blueprint.post("/settings/invitations")
@gate(permission=Permission.MANAGE_TEAMMATES)
@limiter.limit("30 per minute; 200 per day")
def invitations_create() -> ResponseReturnValue:
    form = InvitationForm()
    if form.validate_on_submit():
        with use_case(form) as outcome:
            invitation = invite_teammate(form.email.data or "", Role(form.role.data), by=current_actor())
        if outcome.ok:
            flash(f"Invitation sent to {invitation.email}.", "success")
            return redirect(url_for("settings.teammates_index"))
    return teammates_page(form), 422


@blueprint.post("/settings/invitations/<id('ivt'):invitation_id>/sending")
@gate(permission=Permission.MANAGE_TEAMMATES)
@limiter.limit("10 per minute; 100 per day")
def invitation_sendings_create(invitation_id: UUID) -> ResponseReturnValue:
    invitation = get_or_404(Invitation, invitation_id)
    with refusal_as_toast():
        resend_invitation(invitation, by=current_actor())
        flash(f"A new invitation is on its way to {invitation.email}.", "success")
    return redirect(url_for("settings.teammates_index"))


@blueprint.post("/settings/invitations/<id('ivt'):invitation_id>/revocation")
@gate(permission=Permission.MANAGE_TEAMMATES)
def invitation_revocations_create(invitation_id: UUID) -> ResponseReturnValue:
    invitation = get_or_404(Invitation, invitation_id)
    with refusal_as_toast():
        revoke_invitation(invitation, by=current_actor())
        flash(f"The invitation to {invitation.email} is withdrawn.", "success")
    return redirect(url_for("settings.teammates_index"))
