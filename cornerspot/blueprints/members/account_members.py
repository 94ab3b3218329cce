"""The Portal tab of an account, and what a contact's page says about its portal access."""

from __future__ import annotations

from uuid import UUID

from flask import flash, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload

from cornerspot.blueprints.members.answers import back, refusal_as_toast
from cornerspot.blueprints.members.blueprint import blueprint
from cornerspot.blueprints.support.context import request_entitlements
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor, current_actor_or_none
from cornerspot.blueprints.support.records import get_or_404
from cornerspot.crm.models import Account, Contact
from cornerspot.people.models import Membership
from cornerspot.people.permissions import Permission
from cornerspot.plans.features import Feature
from cornerspot.portal.inviting import invite_contact
from cornerspot.portal.models import PortalUser
from cornerspot.portal.reading import uninvited_contacts, user_of_contact, users_of_account


@blueprint.get("/accounts/<id('acc'):account_id>/portal")
@gate(permission=Permission.MANAGE_PORTAL)
def account_members_index(account_id: UUID) -> ResponseReturnValue:
    account = get_or_404(Account, account_id, joinedload(Account.owner).joinedload(Membership.person))
    return render_template(
        "members/account.html",
        account=account,
        tab="portal",
        users=users_of_account(account_id),
        contacts=uninvited_contacts(account_id),
    )


@blueprint.post("/contacts/<id('con'):contact_id>/portal-invitation")
@gate(permission=Permission.MANAGE_PORTAL)
def contact_invitations_create(contact_id: UUID) -> ResponseReturnValue:
    contact = get_or_404(Contact, contact_id)
    with refusal_as_toast():
        user = invite_contact(contact, by=current_actor())
        flash(f"{user.email} is invited to the portal.", "success")
    return back()


@blueprint.app_template_global()
def may_manage_portal() -> bool:
    """Whether the teammate who asks looks after the portal, and the team has one."""
    actor = current_actor_or_none()
    allowed = actor is not None and actor.may(Permission.MANAGE_PORTAL)
    return allowed and request_entitlements().allows(Feature.PORTAL)


@blueprint.app_template_global()
def portal_user_of(contact: Contact) -> PortalUser | None:
    """The portal user that a contact is, None while there is none."""
    return user_of_contact(contact)
