"""Whether a team may work at all. A suspended team reads everything and changes nothing.

Its customers are not punished: portal and pay links stay open, so that an
invoice that was sent can still be paid.
"""

from __future__ import annotations

from cornerspot.activity.recording import record
from cornerspot.db import session
from cornerspot.db.locks import lock
from cornerspot.kit import clock
from cornerspot.kit.errors import Conflict, Invalid, NotFound, PermissionDenied
from cornerspot.people.actors import Actor
from cornerspot.plans.assigning import require_operator, team_plan_of_scope
from cornerspot.tenancy import CurrentTeam, current_team
from cornerspot.tenancy.models import Team, TeamStatus


class TeamSuspended(PermissionDenied):
    """This team is suspended: you can read everything, but change nothing. Ask whoever runs Cornerspot for you."""


def require_writable(team: CurrentTeam) -> None:
    """Pass when the team may change its records; raises TeamSuspended."""
    if team.status == TeamStatus.SUSPENDED:
        raise TeamSuspended()


def suspend_team(*, by: Actor, reason: str) -> None:
    """The team of the scope is read-only from the next request on. Only for operators."""
    require_operator(by)
    if not reason.strip():
        raise Invalid("Say why the team is suspended.", field="reason")
    team = _locked_team()
    if team.status != TeamStatus.ACTIVE:
        raise Conflict(f"{team.name} is {team.status} already.")
    team.status, team.suspended_at = TeamStatus.SUSPENDED, clock.now()
    record(team_plan_of_scope(), "suspended", by=by, reason=reason.strip())


def resume_team(*, by: Actor) -> None:
    """The suspended team of the scope may write again. Only for operators."""
    require_operator(by)
    team = _locked_team()
    if team.status != TeamStatus.SUSPENDED:
        raise Conflict(f"{team.name} is not suspended.")
    team.status, team.suspended_at = TeamStatus.ACTIVE, None
    record(team_plan_of_scope(), "resumed", by=by)


def _locked_team() -> Team:
    team = session.get(Team, current_team().id)
    if team is None:
        raise NotFound("There is no such team.")
    return lock(team)
