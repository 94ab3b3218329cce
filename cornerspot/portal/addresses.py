"""Where a team's portal is, for links in messages."""

from __future__ import annotations

from urllib.parse import urlsplit

from sqlalchemy import select

from cornerspot.db import session
from cornerspot.settings import current_settings
from cornerspot.tenancy import current_team
from cornerspot.tenancy.models import TeamHost


def portal_address(path: str = "/") -> str:
    """The address of a page of the portal, on the team's own host when it has a verified one."""
    external = current_settings().external_url
    host = session.scalars(
        select(TeamHost.host)
        .where(TeamHost.team_id == current_team().id, TeamHost.verified_at.is_not(None))
        .order_by(TeamHost.created_at)
        .limit(1)
    ).one_or_none()
    base = f"{urlsplit(external).scheme}://{host}" if host else f"{external}/{current_team().slug}"
    return f"{base}/portal{path}"
