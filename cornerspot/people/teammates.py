"""Teammates: who is in the team, what they are, and leaving.

The last owner is protected: whoever takes an owner away holds all owner rows
first, so that two at once cannot leave a team without one.
"""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from cornerspot.activity.recording import record
from cornerspot.db import session
from cornerspot.db.locks import lock
from cornerspot.kit import clock
from cornerspot.kit.errors import Conflict, PermissionDenied
from cornerspot.people.actors import Actor
from cornerspot.people.models import Membership, Person, Role
from cornerspot.people.permissions import Permission
from cornerspot.people.sessions import end_sessions_in_team


class LastOwner(Conflict):
    """This is the only owner. Make somebody else an owner first."""


def teammates() -> list[Membership]:
    """Everybody who is or was in the team, with the person: active ones first, by name."""
    return list(
        session.scalars(
            select(Membership)
            .join(Person, Person.id == Membership.person_id)
            .options(joinedload(Membership.person))
            .order_by(Membership.deactivated_at.is_not(None), func.lower(Person.name), Membership.id)
        )
    )


def count_active() -> int:
    """How many people can sign in to the team."""
    counted = session.scalar(select(func.count()).select_from(Membership).where(Membership.deactivated_at.is_(None)))
    return counted or 0


def change_role(membership: Membership, role: Role, *, by: Actor) -> None:
    """The teammate has the role; raises PermissionDenied, LastOwner, Conflict."""
    require_may_manage(by, Role(membership.role), role)
    _hold(membership)
    require_may_manage(by, Role(membership.role), role)
    if membership.deactivated_at is not None:
        raise Conflict("This teammate is deactivated. Reactivate them first.")
    if membership.role == role:
        return
    if membership.role == Role.OWNER:
        _require_another_owner(membership)
    was, membership.role = membership.role, role
    record(membership, "role_changed", by=by, was=was, now=role)


def deactivate_teammate(membership: Membership, *, by: Actor) -> None:
    """The teammate cannot sign in to the team any more; what they did stays under their name.

    Raises PermissionDenied, LastOwner, Conflict.
    """
    require_may_manage(by, Role(membership.role))
    _hold(membership)
    require_may_manage(by, Role(membership.role))
    if membership.deactivated_at is not None:
        return
    if membership.id == by.membership_id:
        raise Conflict("You cannot deactivate yourself. Ask another admin.")
    if membership.role == Role.OWNER:
        _require_another_owner(membership)
    membership.deactivated_at = clock.now()
    end_sessions_in_team(membership.person_id, membership.tenant_id)
    record(membership, "deactivated", by=by)


def require_may_manage(by: Actor, *roles: Role) -> None:
    """Pass when the actor may touch teammates with these roles; raises PermissionDenied."""
    by.require(Permission.MANAGE_TEAMMATES)
    if Role.OWNER in roles and by.kind == "teammate" and by.role != Role.OWNER:
        raise PermissionDenied("Only an owner can make or change an owner.")


def _hold(membership: Membership) -> None:
    """All owners' rows first and in one order, then this one: two callers cannot deadlock."""
    _owners()
    lock(membership)


def _owners() -> list[Membership]:
    return list(
        session.scalars(
            select(Membership)
            .where(Membership.role == Role.OWNER, Membership.deactivated_at.is_(None))
            .order_by(Membership.id)
            .with_for_update(of=Membership)
            .execution_options(populate_existing=True)
        )
    )


def _require_another_owner(membership: Membership) -> None:
    if not any(owner.id != membership.id for owner in _owners()):
        raise LastOwner()
