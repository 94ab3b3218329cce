"""Hosts of a team's own, beside its path and its subdomain."""

from __future__ import annotations

import re

from sqlalchemy import select

from cornerspot.db import session
from cornerspot.db.locks import lock_name
from cornerspot.kit import clock
from cornerspot.kit.errors import Invalid, NotFound
from cornerspot.tenancy.context import current_team
from cornerspot.tenancy.models import TeamHost

_FORM = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")


def add_verified_host(host: str) -> TeamHost:
    """The host leads to the team of the scope; for whoever has seen that the name is the team's.

    Raises Invalid for something that is no host name, or that another team has.
    """
    name = host.strip().lower().rstrip(".")
    if not _FORM.fullmatch(name):
        raise Invalid("Use a host name such as billing.example.com.", field="host")
    lock_name(f"team host {name}")
    found = session.scalars(select(TeamHost).where(TeamHost.host == name)).one_or_none()
    if found is not None and found.team_id != current_team().id:
        raise Invalid("Another team has this host.", field="host")
    if found is None:
        found = TeamHost(host=name, team_id=current_team().id)
        session.add(found)
    found.verified_at = found.verified_at or clock.now()
    return found


def remove_host(host: str) -> None:
    """The host leads nowhere any more; raises NotFound unless it is this team's."""
    own = select(TeamHost).where(TeamHost.host == host.strip().lower(), TeamHost.team_id == current_team().id)
    found = session.scalars(own).one_or_none()
    if found is None:
        raise NotFound("This team has no such host.")
    session.delete(found)
