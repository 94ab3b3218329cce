"""Carrying a signed-in person to a team's own cookie, by a ticket that works once.

Cookies do not cross teams, so whoever switches team brings a ticket in the
address. It lives for a minute and we keep only its digest.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update

from cornerspot.db import session
from cornerspot.kit import clock
from cornerspot.kit.errors import NotFound
from cornerspot.kit.secrets import digest, new_token
from cornerspot.people.models import HandOff, Membership, Person
from cornerspot.people.teams import TeamOfPerson, teams_of
from cornerspot.tenancy import current_team

LASTS = timedelta(seconds=60)


class TicketUnusable(NotFound):
    """This link into the team was used already, or is more than a minute old."""


def team_to_enter(person: Person, slug: str) -> TeamOfPerson:
    """The team with this slug when the person is a teammate there; raises NotFound."""
    for team in teams_of(person):
        if team.slug == slug:
            return team
    raise NotFound("You are not a teammate there.")


def issue_ticket(person_id: UUID, *, team_id: UUID, browser_id: UUID) -> str:
    """A ticket for one team, good once and for a minute."""
    token = new_token()
    session.add(
        HandOff(
            person_id=person_id,
            team_id=team_id,
            browser_id=browser_id,
            token_digest=digest(token),
            expires_at=clock.now() + LASTS,
        )
    )
    return token


def use_ticket(token: str) -> tuple[Person, UUID]:
    """The ticket's person, a teammate of the team of this scope, and the browser it was given to.

    One statement marks it used, so that of two who bring it only one gets in.
    Raises TicketUnusable.
    """
    used = session.execute(
        update(HandOff)
        .where(
            HandOff.token_digest == digest(token),
            HandOff.team_id == current_team().id,
            HandOff.used_at.is_(None),
            HandOff.expires_at > clock.now(),
        )
        .values(used_at=clock.now())
        .returning(HandOff.person_id, HandOff.browser_id)
    ).one_or_none()
    if used is None:
        raise TicketUnusable()
    person = session.scalars(
        select(Person)
        .join(Membership, Membership.person_id == Person.id)
        .where(Person.id == used.person_id, Membership.deactivated_at.is_(None))
    ).one_or_none()
    if person is None:
        raise TicketUnusable()
    return person, used.browser_id
