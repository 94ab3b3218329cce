"""The teams a person belongs to: the only look across teams, and only at one's own."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from cornerspot.db import session
from cornerspot.people.models import Person, Role
from cornerspot.tenancy.models import TeamStatus


@dataclass(frozen=True)
class TeamOfPerson:
    """A team that a person can enter, and what they are there."""

    id: UUID
    slug: str
    name: str
    role: Role


def teams_of(person: Person) -> list[TeamOfPerson]:
    """The teams that are not closed in which the person is an active teammate, by name."""
    rows = session.execute(
        text(
            "SELECT t.id, t.slug, t.name, mine.role FROM teams_of_person(:person_id) mine"
            " JOIN teams t ON t.id = mine.team_id WHERE t.status <> :closed ORDER BY lower(t.name), t.slug"
        ),
        {"person_id": person.id, "closed": TeamStatus.CLOSED},
    )
    return [TeamOfPerson(row.id, row.slug, row.name, Role(row.role)) for row in rows]
