"""Inviting people to the portal: one portal user per address, however often and from wherever they are invited."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from cornerspot.activity.recording import record
from cornerspot.crm.models import Account, Contact
from cornerspot.db import session
from cornerspot.db.locks import lock, lock_name
from cornerspot.kit import clock
from cornerspot.kit.errors import Conflict, Invalid
from cornerspot.kit.secrets import digest, new_token
from cornerspot.mail.queueing import MessageAbout, Recipient, queue_message
from cornerspot.mail.rendering import render_mail
from cornerspot.people.actors import Actor
from cornerspot.people.emails import require_email
from cornerspot.people.joining import require_name
from cornerspot.people.permissions import Permission
from cornerspot.plans.entitlements import require_feature
from cornerspot.plans.features import Feature
from cornerspot.portal.access import grant_access
from cornerspot.portal.addresses import portal_address
from cornerspot.portal.branding import branding
from cornerspot.portal.models import Membership, PortalInvitation, PortalUser
from cornerspot.tenancy import current_team, current_tenant_id

LASTS = timedelta(days=14)


@dataclass(frozen=True)
class Invitee:
    """Who is to be invited, and to which accounts."""

    email: str
    name: str
    accounts: tuple[Account, ...]
    contact: Contact | None = None


def invite_portal_user(invitee: Invitee, *, by: Actor) -> PortalUser:
    """The person may see the accounts, and an invitation is on its way unless it was before.

    Somebody who has accepted or has an open invitation only gets the accounts. Free, and
    not counted by any plan. Raises Invalid naming the field, PermissionDenied, FeatureMissing.
    """
    require_portal_manager(by)
    address = require_email(invitee.email)
    if not invitee.accounts:
        raise Invalid("Choose the account whose invoices this person may see.", field="account_id")
    lock_name(f"portal user {current_tenant_id()} {address}")
    user = find_by_email(address)
    if user is None:
        user = _new_user(invitee, address)
    elif user.state == Membership.SUSPENDED:
        raise Invalid("This portal user is suspended. Reactivate them in the list instead.", field="email")
    if user.contact_id is None and invitee.contact is not None:
        user.contact_id = invitee.contact.id
    for account in invitee.accounts:
        grant_access(user, account, by=by)
    if user.state != Membership.ACTIVE and _usable_invitation(user) is None:
        user.invite_anew()
        _send(user, by=by)
        record(user, "invited", by=by, email=address)
    session.flush()
    return user


def invite_contact(contact: Contact, *, by: Actor) -> PortalUser:
    """The contact may see the account they belong to; raises as ``invite_portal_user``."""
    if not contact.email:
        raise Invalid("This contact has no e-mail address. Add one, then invite them.", field="email")
    account = session.get(Account, (contact.tenant_id, contact.account_id)) if contact.account_id else None
    if account is None:
        raise Invalid("This contact belongs to no account. Choose one, then invite them.", field="account_id")
    return invite_portal_user(Invitee(contact.email, contact.name, (account,), contact), by=by)


def resend_invitation(user: PortalUser, *, by: Actor) -> None:
    """A fresh link is on its way; older ones work no longer. Raises Conflict, PermissionDenied, FeatureMissing."""
    require_portal_manager(by)
    lock(user)
    user.invite_anew()
    _send(user, by=by)
    record(user, "invitation_sent_again", by=by, email=user.email)


def new_invitation_link(user: PortalUser, *, by: Actor) -> str:
    """A fresh link to hand over oneself; nothing is sent, and older links work no longer.

    It is returned here only, for its token is stored nowhere. Raises as ``resend_invitation``.
    """
    require_portal_manager(by)
    lock(user)
    user.invite_anew()
    _, token = _renewed(user, by=by)
    record(user, "invitation_link_copied", by=by)
    return portal_address(f"/invitations/{token}")


def find_by_email(address: str) -> PortalUser | None:
    """This team's portal user with the address, in the form in which we store them."""
    return session.scalars(select(PortalUser).where(PortalUser.email == address)).one_or_none()


def require_portal_manager(by: Actor) -> None:
    """Pass for those who look after the portal of a team that has one; raises PermissionDenied, FeatureMissing."""
    by.require(Permission.MANAGE_PORTAL)
    require_feature(Feature.PORTAL)


def open_invitation(user: PortalUser) -> PortalInvitation | None:
    """The invitation that was neither accepted nor revoked; it may have expired."""
    return session.scalars(
        select(PortalInvitation).where(
            PortalInvitation.portal_user_id == user.id,
            PortalInvitation.accepted_at.is_(None),
            PortalInvitation.revoked_at.is_(None),
        )
    ).one_or_none()


def revoke_open_invitation(user: PortalUser) -> None:
    """No invitation of the portal user can be accepted any more."""
    invitation = open_invitation(user)
    if invitation is not None:
        invitation.revoked_at = clock.now()


def _new_user(invitee: Invitee, address: str) -> PortalUser:
    contact_id = invitee.contact.id if invitee.contact is not None else None
    user = PortalUser(email=address, name=require_name(invitee.name), contact_id=contact_id)
    session.add(user)
    session.flush()  # Accesses and the invitation refer to the row.
    return user


def _usable_invitation(user: PortalUser) -> PortalInvitation | None:
    found = open_invitation(user)
    return None if found is None or found.is_expired else found


def _renewed(user: PortalUser, *, by: Actor) -> tuple[PortalInvitation, str]:
    """The portal user's one open invitation, good from now under a new token, which is returned beside it."""
    if user.state != Membership.INVITED:
        raise Conflict("This portal user has accepted an invitation already.")
    token = new_token()
    invitation = open_invitation(user)
    if invitation is None:
        invitation = PortalInvitation(portal_user_id=user.id, sent_count=0)
        session.add(invitation)
    invitation.token_digest, invitation.expires_at = digest(token), clock.now() + LASTS
    invitation.invited_by = by.membership_id
    session.flush()  # The message names it by its digest.
    return invitation, token


def _send(user: PortalUser, *, by: Actor) -> None:
    invitation, token = _renewed(user, by=by)
    invitation.sent_at, invitation.sent_count = clock.now(), (invitation.sent_count or 0) + 1
    look = branding()
    content = render_mail(
        "portal_invitation",
        team=current_team().name,
        portal=look.title,
        accent=look.shades.accent,
        on_accent=look.shades.on_accent,
        name=user.name,
        inviter=by.name if by.kind == "teammate" else "",
        link=portal_address(f"/invitations/{token}"),
        days=LASTS.days,
    )
    queue_message(
        Recipient(user.email, user.name),
        content,
        purpose="portal_invitation",
        dedupe_key=f"portal invitation {invitation.token_digest}",
        about=MessageAbout("portal_user", user.id),
        reply_to=by.email,
    )
