"""Sending a signed-in person into a team by a one-time ticket."""

from __future__ import annotations

from uuid import UUID

from cornerspot.blueprints.support.addresses import team_address
from cornerspot.people.handing_off import issue_ticket
from cornerspot.people.models import Person
from cornerspot.people.teams import teams_of


def entry_address(person: Person, *, team_id: UUID, slug: str, browser_id: UUID) -> str:
    """An address that signs this browser in to the team, once, within a minute."""
    ticket = issue_ticket(person.id, team_id=team_id, browser_id=browser_id)
    return team_address(slug, f"/enter?ticket={ticket}")


def enter_only_team(person: Person, *, browser_id: UUID) -> str | None:
    """The way into the person's team when there is exactly one, else None."""
    teams = teams_of(person)
    if len(teams) != 1:
        return None
    return entry_address(person, team_id=teams[0].id, slug=teams[0].slug, browser_id=browser_id)
