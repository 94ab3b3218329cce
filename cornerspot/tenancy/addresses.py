"""The addresses at which a team is reached from outside: what goes into mails and onto paper."""

from __future__ import annotations

from cornerspot.settings import current_settings
from cornerspot.tenancy.context import current_team


def team_url(path: str = "/") -> str:
    """The address of a page of the team of the scope; ``path`` starts with a slash."""
    return f"{current_settings().external_url}/{current_team().slug}{path}"
