"""Keeping a portal user out for a while or for good, and letting them in again."""

from __future__ import annotations

from uuid import UUID

from flask import flash
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.members.answers import back, portal_user, refusal_as_toast
from cornerspot.blueprints.members.blueprint import blueprint
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.people.permissions import Permission
from cornerspot.portal.membership import reactivate_portal_user, revoke_portal_user, suspend_portal_user


@blueprint.post("/portal-users/<id('ptu'):user_id>/suspension")
@gate(permission=Permission.MANAGE_PORTAL)
def portal_suspensions_create(user_id: UUID) -> ResponseReturnValue:
    user = portal_user(user_id)
    with refusal_as_toast():
        suspend_portal_user(user, by=current_actor())
        flash(f"{user.name} is signed out and cannot sign in until you reactivate them.", "success")
    return back()


@blueprint.post("/portal-users/<id('ptu'):user_id>/reactivation")
@gate(permission=Permission.MANAGE_PORTAL)
def portal_reactivations_create(user_id: UUID) -> ResponseReturnValue:
    user = portal_user(user_id)
    with refusal_as_toast():
        reactivate_portal_user(user, by=current_actor())
        flash(f"{user.name} can sign in again.", "success")
    return back()


@blueprint.post("/portal-users/<id('ptu'):user_id>/revocation")
@gate(permission=Permission.MANAGE_PORTAL)
def portal_revocations_create(user_id: UUID) -> ResponseReturnValue:
    user = portal_user(user_id)
    with refusal_as_toast():
        revoke_portal_user(user, by=current_actor())
        flash(f"{user.name} has no access any more.", "success")
    return back()
