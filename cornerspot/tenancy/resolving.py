"""Which team an address means. Path, subdomain and custom host end in the same function."""

from __future__ import annotations

from dataclasses import dataclass

from cornerspot.kit.errors import NotFound
from cornerspot.tenancy.context import CurrentTeam, find_team
from cornerspot.tenancy.models import Team
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
        return Resolved(find_team(Team.slug == slug), "")
    first = path.removeprefix("/").split("/", 1)[0]  # ``//acme`` names no team.
    if not first or first in RESERVED_SLUGS:
        return None
    if not is_slug(first):
        raise NotFound("There is no such page.")
    return Resolved(find_team(Team.slug == first), f"/{first}")


def _slug_of_host(host: str, base_host: str) -> str | None:
    """The subdomain before the installation's own host, if there is one."""
    suffix = f".{base_host}"
    if not host.endswith(suffix):
        return None
    slug = host.removesuffix(suffix)
    return slug if is_slug(slug) and slug not in RESERVED_SLUGS else None
