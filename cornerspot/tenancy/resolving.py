"""Which team an address means. Path, subdomain and custom host end in the same function."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import select

from cornerspot.kit.errors import NotFound
from cornerspot.tenancy.context import find_team, find_team_by_slug
from cornerspot.tenancy.current import CurrentTeam
from cornerspot.tenancy.models import Team, TeamHost
from cornerspot.tenancy.slugs import RESERVED_SLUGS, is_slug


@dataclass(frozen=True)
class Resolved:
    """The team of an address, and the path prefix that named it ("" for a host)."""

    team: CurrentTeam
    prefix: str


def resolve_team(*, host: str, path: str, base_host: str) -> Resolved | None:
    """The team of a request, or None for an address of the installation itself.

    Raises NotFound when the address has a team's form but there is none.
    ``host`` and ``base_host`` come without a port.
    """
    slug = _slug_of_host(host, base_host)
    if slug is not None:
        return Resolved(find_team_by_slug(slug), "")
    if host not in ("", base_host) and not _is_local(host):
        with suppress(NotFound):  # An unknown name of this machine goes on by path.
            return Resolved(_team_of_custom_host(host), "")
    first = path.removeprefix("/").split("/", 1)[0]  # ``//acme`` names no team.
    if not first or first in RESERVED_SLUGS:
        return None
    if not is_slug(first):
        raise NotFound("There is no such page.")
    return Resolved(find_team_by_slug(first), f"/{first}")


def _team_of_custom_host(host: str) -> CurrentTeam:
    """The team that proved that the host is its own; raises NotFound."""
    owner = select(TeamHost.team_id).where(TeamHost.host == host, TeamHost.verified_at.is_not(None))
    return find_team(Team.id == owner.scalar_subquery())


def _is_local(host: str) -> bool:
    """Whether the host is this machine or a bare address, which no team can own."""
    return host == "localhost" or host.startswith("[") or host.replace(".", "").isdigit()


def _slug_of_host(host: str, base_host: str) -> str | None:
    """The subdomain before the installation's own host, if there is one."""
    suffix = f".{base_host}"
    if not host.endswith(suffix):
        return None
    slug = host.removesuffix(suffix)
    return slug if is_slug(slug) and slug not in RESERVED_SLUGS else None
