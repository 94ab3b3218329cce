"""Becoming a teammate: by accepting an invitation, or by coming back."""

from __future__ import annotations

from sqlalchemy import select

from cornerspot.activity.recording import record
from cornerspot.db import session
from cornerspot.db.locks import lock
from cornerspot.kit import clock
from cornerspot.kit.errors import Conflict
from cornerspot.people.actors import Actor
from cornerspot.people.invitations import require_usable
from cornerspot.people.models import Invitation, Membership, Person, Role
from cornerspot.people.sessions import teammate
from cornerspot.people.teammates import require_may_manage
from cornerspot.plans.entitlements import lock_limit, require_below
from cornerspot.plans.features import Limit
from cornerspot.plans.usage import count_teammates


def accept_invitation(invitation: Invitation, person: Person) -> Membership:
    """The person is a teammate with the invitation's role; flushed.

    The caller has made sure that the person owns the invited address. Raises
    InvitationUnusable, LimitReached when the plan shrank meanwhile, Conflict.
    """
    size = lock_limit(Limit.TEAMMATES)
    lock(invitation)
    require_usable(invitation)
    if person.email != invitation.email:
        raise Conflict(f"This invitation is for {invitation.email}. Sign in with that address.")
    if size is not None:  # The invitation itself kept one of the seats that are counted.
        require_below(Limit.TEAMMATES, size=size, used=count_teammates() - 1)
    invitation.accepted_at = clock.now()
    membership = session.scalars(select(Membership).where(Membership.person_id == person.id)).one_or_none()
    if membership is None:
        membership = Membership(person_id=person.id, role=invitation.role)
        session.add(membership)
    elif membership.deactivated_at is not None:
        membership.role, membership.deactivated_at = invitation.role, None
    session.flush()  # The membership's id is part of the actor.
    record(membership, "joined", by=teammate(membership, person), role=membership.role)
    return membership


def reactivate_teammate(membership: Membership, *, by: Actor) -> None:
    """The teammate can sign in to the team again; raises PermissionDenied, LimitReached."""
    require_may_manage(by, Role(membership.role))
    size = lock_limit(Limit.TEAMMATES)
    lock(membership)
    require_may_manage(by, Role(membership.role))
    if membership.deactivated_at is None:
        return
    if size is not None:
        require_below(Limit.TEAMMATES, size=size, used=count_teammates())
    membership.deactivated_at = None
    record(membership, "reactivated", by=by)
