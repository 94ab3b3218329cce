"""Signing up: a person, unless there is one already, and the team that they open."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from cornerspot.db import session
from cornerspot.onboarding.opening import open_team
from cornerspot.people.joining import create_person
from cornerspot.people.models import Person
from cornerspot.tenancy import CurrentTeam


@dataclass(frozen=True)
class NewPerson:
    """What a newcomer types about themselves."""

    name: str
    email: str
    password: str


def sign_up_team(planned: CurrentTeam, *, person_id: UUID | None, newcomer: NewPerson | None) -> Person:
    """The planned team is open, owned by the person or by the newcomer; flushed.

    Call it inside ``team_scope(planned)``. Raises Invalid when the slug or the
    e-mail address is taken, or the password is too easy.
    """
    if newcomer is not None:
        person = create_person(
            name=newcomer.name,
            email=newcomer.email,
            password=newcomer.password,
            about=(planned.name, planned.slug),
            name_field="person_name",
        )
    else:
        person = session.get_one(Person, person_id)
    open_team(planned, person.id)
    return person
