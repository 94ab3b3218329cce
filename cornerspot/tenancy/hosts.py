"""Hosts of a team's own, beside its path and its subdomain."""

from __future__ import annotations

import re
from uuid import UUID

from sqlalchemy import select

from cornerspot.db import session
from cornerspot.db.locks import lock_name
from cornerspot.kit import clock
from cornerspot.kit.errors import Invalid, NotFound
from cornerspot.tenancy.context import current_team
from cornerspot.tenancy.models import TeamHost

TAKEN = "Another team has this host."
_FORM = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")


def claim_host(host: str) -> TeamHost:
    """The host waits for proof that it is the team's, or was proved before; flushed.

    Raises Invalid for something that is no host name, or that another team has proved to be its own.
    """
    name = require_host_name(host)
    lock_name(f"team host {name}")
    if _owner_of(name) not in (None, current_team().id):
        raise Invalid(TAKEN, field="host")
    found = find_host(name)
    if found is None:
        found = TeamHost(host=name, team_id=current_team().id)
        session.add(found)
        session.flush()
    return found


def add_verified_host(host: str) -> TeamHost:
    """The host leads to the team of the scope; for whoever has seen that the name is the team's.

    Raises Invalid for something that is no host name, or that another team has.
    """
    found = claim_host(host)
    found.verified_at, found.problem = found.verified_at or clock.now(), ""
    return found


def require_host_name(host: str) -> str:
    """The name as it is kept; raises Invalid for something that is no host name."""
    name = host.strip().lower().rstrip(".")
    if not _FORM.fullmatch(name):
        raise Invalid("Use a host name such as billing.example.com.", field="host")
    return name


def hosts_of_team() -> list[TeamHost]:
    """The hosts that the team of the scope has, or waits to prove; the oldest first."""
    own = select(TeamHost).where(TeamHost.team_id == current_team().id)
    return list(session.scalars(own.order_by(TeamHost.created_at, TeamHost.id)))


def find_host(host: str) -> TeamHost | None:
    """The host of the team of the scope, proved or not; None when it has no such."""
    own = select(TeamHost).where(TeamHost.host == host.strip().lower(), TeamHost.team_id == current_team().id)
    return session.scalars(own).one_or_none()


def remove_host(host: str) -> None:
    """The host leads nowhere any more; raises NotFound unless it is this team's."""
    found = find_host(host)
    if found is None:
        raise NotFound("This team has no such host.")
    session.delete(found)


def _owner_of(name: str) -> UUID | None:
    """The team that proved that the host is its own."""
    return session.scalar(select(TeamHost.team_id).where(TeamHost.host == name, TeamHost.verified_at.is_not(None)))
