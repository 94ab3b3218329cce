"""Sign-ins as rows: beginning, finding and ending them."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from cornerspot.db import session
from cornerspot.kit import clock
from cornerspot.kit.secrets import digest, new_token
from cornerspot.people.actors import Actor
from cornerspot.people.models import Membership, Person, Role, SignIn

LASTS = timedelta(days=30)


def begin_session(
    person: Person, *, team_id: UUID | None, ip_address: str, user_agent: str
) -> tuple[str, SignIn]:
    """A new sign-in and the token for its cookie; the token is stored nowhere."""
    token = new_token()
    row = SignIn(
        person_id=person.id,
        team_id=team_id,
        token_digest=digest(token),
        expires_at=clock.now() + LASTS,
        ip_address=ip_address,
        user_agent=user_agent,
    )
    session.add(row)
    return token, row


def find_session(token: str, *, team_id: UUID | None) -> tuple[SignIn, Person, Actor | None] | None:
    """The live sign-in of a token for this team (or for none), with the teammate it makes; else None.

    In a team, somebody whose membership was deactivated is signed out.
    """
    statement = (
        select(SignIn, Person)
        .join(Person, Person.id == SignIn.person_id)
        .where(
            SignIn.token_digest == digest(token),
            SignIn.ended_at.is_(None),
            SignIn.expires_at > clock.now(),
        )
    )
    if team_id is None:
        row = session.execute(statement.where(SignIn.team_id.is_(None))).one_or_none()
        return (row[0], row[1], None) if row else None
    found = session.execute(
        statement.add_columns(Membership)
        .join(Membership, Membership.person_id == Person.id)
        .where(SignIn.team_id == team_id, Membership.deactivated_at.is_(None))
    ).one_or_none()
    if found is None:
        return None
    sign_in, person, membership = found
    return sign_in, person, teammate(membership, person)


def end_session(row: SignIn) -> None:
    """The sign-in is over."""
    row.ended_at = row.ended_at or clock.now()


def teammate(membership: Membership, person: Person) -> Actor:
    """The actor that a membership makes of a person."""
    return Actor(
        kind="teammate",
        id=membership.id,
        name=person.name,
        role=Role(membership.role),
        email=person.email,
        person_id=person.id,
    )
