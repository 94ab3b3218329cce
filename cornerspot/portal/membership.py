"""What a team does with a portal user after inviting them."""

from __future__ import annotations

from cornerspot.activity.recording import record
from cornerspot.crm.models import Account, Contact
from cornerspot.db import session
from cornerspot.db.locks import lock
from cornerspot.kit.errors import Invalid
from cornerspot.people.actors import Actor
from cornerspot.portal.access import accounts_of, grant_access, withdraw_access
from cornerspot.portal.inviting import require_portal_manager, revoke_open_invitation
from cornerspot.portal.links import end_all_links
from cornerspot.portal.models import PortalUser
from cornerspot.portal.sessions import end_all_sign_ins


def suspend_portal_user(user: PortalUser, *, by: Actor) -> None:
    """The portal user is signed out and kept out, and keeps password and accounts.

    Raises IllegalTransition, PermissionDenied, FeatureMissing.
    """
    require_portal_manager(by)
    lock(user)
    user.suspend()
    _shut_out(user)
    record(user, "suspended", by=by)


def reactivate_portal_user(user: PortalUser, *, by: Actor) -> None:
    """The suspended portal user may sign in again, or accept the invitation; raises as ``suspend_portal_user``."""
    require_portal_manager(by)
    lock(user)
    user.reactivate()
    record(user, "reactivated", by=by)


def revoke_portal_user(user: PortalUser, *, by: Actor) -> None:
    """The portal user is out until invited anew: no password, no link, no invitation works.

    The list of accounts stays as the record of what was open to them.
    """
    require_portal_manager(by)
    lock(user)
    user.revoke()
    _shut_out(user)
    revoke_open_invitation(user)
    record(user, "revoked", by=by)


def delete_portal_user(user: PortalUser, *, by: Actor) -> None:
    """The portal user is gone with all ways in; the contact, and what happened, stay."""
    require_portal_manager(by)
    lock(user)
    accounts = accounts_of(user)
    contact = session.get(Contact, (user.tenant_id, user.contact_id)) if user.contact_id else None
    for subject in (*accounts, *((contact,) if contact is not None else ())):
        record(subject, "portal_user_deleted", by=by, person=user.name, email=user.email)
    session.delete(user)
    session.flush()


def give_access(user: PortalUser, account: Account, *, by: Actor) -> None:
    """The portal user may see one more account; raises Invalid, PermissionDenied, FeatureMissing."""
    require_portal_manager(by)
    lock(user)
    grant_access(user, account, by=by)


def take_access(user: PortalUser, account: Account, *, by: Actor) -> None:
    """The portal user sees the account no longer; the last one stays, for revoking says it better."""
    require_portal_manager(by)
    lock(user)
    left = [other for other in accounts_of(user) if other.id != account.id]
    if not left:
        raise Invalid("This is their only account. Revoke or delete the portal user instead.")
    withdraw_access(user, account, by=by)


def _shut_out(user: PortalUser) -> None:
    end_all_sign_ins(user)
    end_all_links(user)
