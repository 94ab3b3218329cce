"""Where a team's portal is, for links in messages."""

from __future__ import annotations

from urllib.parse import urlsplit

from sqlalchemy import select

from cornerspot.db import session
from cornerspot.plans.entitlements import entitlements
from cornerspot.plans.features import Feature
from cornerspot.settings import current_settings
from cornerspot.tenancy import current_team
from cornerspot.tenancy.addresses import team_url
from cornerspot.tenancy.models import TeamHost


def portal_address(path: str = "/") -> str:
    """The address of a page of the portal, on the team's own host when it has a verified one and a plan with such."""
    host = _own_host()
    if host is None:
        return team_url(f"/portal{path}")
    return f"{urlsplit(current_settings().external_url).scheme}://{host}/portal{path}"


def _own_host() -> str | None:
    if not entitlements().allows(Feature.CUSTOM_DOMAIN):
        return None
    return session.scalars(
        select(TeamHost.host)
        .where(TeamHost.team_id == current_team().id, TeamHost.verified_at.is_not(None))
        .order_by(TeamHost.created_at)
        .limit(1)
    ).one_or_none()
