"""Accepting an invitation to the portal: the link is the proof, a password is chosen."""

from __future__ import annotations

from sqlalchemy import select

from cornerspot.activity.recording import record
from cornerspot.db import session
from cornerspot.db.locks import lock
from cornerspot.kit import clock
from cornerspot.kit.errors import Conflict, NotFound
from cornerspot.kit.secrets import digest
from cornerspot.people.joining import require_name
from cornerspot.people.lock_out import forget_failures
from cornerspot.portal.models import Membership, PortalInvitation, PortalSignInFailure, PortalUser
from cornerspot.portal.passwords import hashed
from cornerspot.portal.sessions import actor_of


class PortalInvitationUnusable(Conflict):
    """This invitation has expired or was withdrawn. Ask the person who sent it for a new one."""


def find_invitation(token: str) -> tuple[PortalInvitation, PortalUser]:
    """This team's invitation with the token of a link, and whom it invites; raises NotFound."""
    found = session.execute(
        select(PortalInvitation, PortalUser)
        .join(PortalUser, PortalUser.id == PortalInvitation.portal_user_id)
        .where(PortalInvitation.token_digest == digest(token))
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such invitation. Check that you have the whole link, or ask for a new one.")
    invitation, user = found
    return invitation, user


def require_usable(invitation: PortalInvitation, user: PortalUser) -> None:
    """Pass while it can be accepted; raises PortalInvitationUnusable."""
    if invitation.accepted_at is not None:
        raise PortalInvitationUnusable("This invitation was accepted already. Sign in with your password.")
    if user.state != Membership.INVITED or not invitation.is_open or invitation.is_expired:
        raise PortalInvitationUnusable()


def accept_invitation(invitation: PortalInvitation, user: PortalUser, *, name: str, password: str) -> None:
    """The portal user is active under this name, with this password; raises PortalInvitationUnusable, Invalid."""
    lock(user)
    lock(invitation)
    require_usable(invitation, user)
    user.name = require_name(name)
    user.activate(hashed(password, user))
    invitation.accepted_at = clock.now()
    forget_failures(PortalSignInFailure, user.email)
    record(user, "accepted", by=actor_of(user))
