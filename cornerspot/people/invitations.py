"""Invitations to become a teammate: which are open, and finding one by its link."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from cornerspot.activity.recording import record
from cornerspot.db import session
from cornerspot.db.locks import lock
from cornerspot.kit import clock
from cornerspot.kit.errors import Conflict, NotFound
from cornerspot.kit.secrets import digest, new_token
from cornerspot.people.actors import Actor
from cornerspot.people.models import Invitation, Role
from cornerspot.people.teammates import require_may_manage

LASTS = timedelta(days=7)


class InvitationUnusable(Conflict):
    """This invitation has expired or was withdrawn. Ask the person who sent it for a new one."""


def waiting_invitations() -> list[Invitation]:
    """Those neither accepted nor revoked, expired ones too, the newest first."""
    return list(session.scalars(select(Invitation).where(*_OPEN).order_by(Invitation.created_at.desc(), Invitation.id)))


def count_open() -> int:
    """How many could be accepted right now; each keeps a seat of the plan."""
    counted = session.scalar(
        select(func.count()).select_from(Invitation).where(*_OPEN, Invitation.expires_at > clock.now())
    )
    return counted or 0


def is_expired(invitation: Invitation) -> bool:
    """Whether it is too old to be accepted."""
    return invitation.expires_at <= clock.now()


def find_invitation(token: str) -> Invitation:
    """This team's invitation with the token of a link; raises NotFound."""
    found = session.scalars(select(Invitation).where(Invitation.token_digest == digest(token))).one_or_none()
    if found is None:
        raise NotFound("There is no such invitation. Check that you have the whole link.")
    return found


def require_usable(invitation: Invitation) -> None:
    """Pass while it can be accepted; raises InvitationUnusable."""
    if invitation.accepted_at is not None:
        raise InvitationUnusable("This invitation was accepted already. Sign in to the team.")
    if invitation.revoked_at is not None or is_expired(invitation):
        raise InvitationUnusable()


def renew(invitation: Invitation) -> str:
    """The invitation is good for a week from now, under a new link whose token is returned."""
    token = new_token()
    invitation.token_digest, invitation.expires_at = digest(token), clock.now() + LASTS
    return token


def revoke_invitation(invitation: Invitation, *, by: Actor) -> None:
    """The link works no longer; raises PermissionDenied, Conflict when it was accepted."""
    require_may_manage(by, Role(invitation.role))
    lock(invitation)
    if invitation.accepted_at is not None:
        raise Conflict("This invitation was accepted already. Deactivate the teammate instead.")
    if invitation.revoked_at is None:
        invitation.revoked_at = clock.now()
        record(invitation, "revoked", by=by, email=invitation.email)


_OPEN = (Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None))
