"""Keeping a portal user out for a while or for good, and letting them in again."""

from __future__ import annotations

from uuid import UUID

from flask.typing import ResponseReturnValue

from cornerspot.blueprints.members.answers import acted_on
from cornerspot.blueprints.members.blueprint import blueprint
from cornerspot.blueprints.support.gate import gate
from cornerspot.people.permissions import Permission
from cornerspot.portal.membership import reactivate_portal_user, revoke_portal_user, suspend_portal_user


@blueprint.post("/portal-users/<id('ptu'):user_id>/suspension")
@gate(permission=Permission.MANAGE_PORTAL)
def portal_suspensions_create(user_id: UUID) -> ResponseReturnValue:
    out = "{user.name} is signed out and cannot sign in until you reactivate them."
    return acted_on(user_id, suspend_portal_user, out)


@blueprint.post("/portal-users/<id('ptu'):user_id>/reactivation")
@gate(permission=Permission.MANAGE_PORTAL)
def portal_reactivations_create(user_id: UUID) -> ResponseReturnValue:
    return acted_on(user_id, reactivate_portal_user, "{user.name} can sign in again.")


@blueprint.post("/portal-users/<id('ptu'):user_id>/revocation")
@gate(permission=Permission.MANAGE_PORTAL)
def portal_revocations_create(user_id: UUID) -> ResponseReturnValue:
    return acted_on(user_id, revoke_portal_user, "{user.name} has no access any more.")
