"""Sign-ins as rows: beginning, finding and ending them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, select, update

from cornerspot.db import session
from cornerspot.db.straight import as_text
from cornerspot.kit import clock
from cornerspot.kit.ids import new_id
from cornerspot.kit.secrets import digest, new_token
from cornerspot.people.actors import Actor
from cornerspot.people.models import Membership, Person, Role, SignIn
from cornerspot.tenancy.straight import first_row_of_team, is_of_team

LASTS = timedelta(days=30)
SEEN_EVERY = timedelta(minutes=10)

_IS_LIVE = (
    SignIn.token_digest == bindparam("digest"),
    SignIn.ended_at.is_(None),
    SignIn.expires_at > bindparam("now"),
)
_OF_A_PERSON = (
    select(SignIn, Person).join(Person, Person.id == SignIn.person_id).where(*_IS_LIVE, SignIn.team_id.is_(None))
)


@dataclass(frozen=True)
class TeammateSession:
    """A live sign-in to a team, and the teammate it makes."""

    id: UUID
    last_seen_at: datetime
    person_id: UUID
    actor: Actor


# Every request of somebody signed in sends it.
_OF_A_TEAMMATE = as_text(
    select(SignIn.id, SignIn.last_seen_at, SignIn.person_id, Person.name, Person.email, Membership.id, Membership.role)
    .join(Person, Person.id == SignIn.person_id)
    .join(Membership, Membership.person_id == Person.id)
    .where(
        *_IS_LIVE,
        SignIn.team_id == bindparam("tenant_id"),
        is_of_team(Membership),
        Membership.deactivated_at.is_(None),
    )
)


def begin_session(
    person: Person, *, team_id: UUID | None, ip_address: str, user_agent: str, browser_id: UUID | None = None
) -> tuple[str, SignIn]:
    """A new sign-in and the token for its cookie; the token is stored nowhere.

    ``browser_id`` is that of the sign-in it came from by hand-off, None for a fresh one.
    """
    token = new_token()
    row = SignIn(
        person_id=person.id,
        team_id=team_id,
        browser_id=browser_id or new_id(),
        token_digest=digest(token),
        expires_at=clock.now() + LASTS,
        ip_address=ip_address,
        user_agent=user_agent,
    )
    session.add(row)
    return token, row


def find_session(token: str) -> tuple[SignIn, Person] | None:
    """The live sign-in of a token to the installation's own pages, with its person; else None."""
    row = session.execute(_OF_A_PERSON, {"digest": digest(token), "now": clock.now()}).one_or_none()
    return (row[0], row[1]) if row else None


def find_teammate_session(token: str) -> TeammateSession | None:
    """The live sign-in of a token to the team of the scope, else None; whoever was deactivated is signed out."""
    found = first_row_of_team(_OF_A_TEAMMATE, {"digest": digest(token), "now": clock.now()})
    if found is None:
        return None
    sign_in_id, last_seen_at, person_id, name, email, membership_id, role = found
    actor = Actor("teammate", id=membership_id, name=name, role=Role(role), email=email, person_id=person_id)
    return TeammateSession(sign_in_id, last_seen_at, person_id, actor)


def end_session(row: SignIn) -> None:
    """The sign-in is over, with all that the same browser came to by hand-off."""
    _end(SignIn.person_id == row.person_id, SignIn.browser_id == row.browser_id)


def end_all_sessions(person: Person, *, except_for: SignIn | None = None) -> None:
    """The person is signed out everywhere, but for the browser of ``except_for``."""
    kept = [SignIn.browser_id != except_for.browser_id] if except_for else []
    _end(SignIn.person_id == person.id, *kept)


def end_sessions_in_team(person_id: UUID, team_id: UUID) -> None:
    """The person is signed out of one team, in every browser."""
    _end(SignIn.person_id == person_id, SignIn.team_id == team_id)


def live_sessions(person: Person) -> list[SignIn]:
    """One row for each browser in which the person is signed in, the newest first."""
    rows = session.scalars(
        select(SignIn)
        .where(SignIn.person_id == person.id, SignIn.ended_at.is_(None), SignIn.expires_at > clock.now())
        .order_by(SignIn.created_at.desc(), SignIn.id.desc())
    )
    newest: dict[UUID, SignIn] = {}
    for row in rows:
        newest.setdefault(row.browser_id, row)
    return list(newest.values())


def touch_session(sign_in_id: UUID, *, last_seen_at: datetime) -> None:
    """The sign-in was seen just now, noted at most every ten minutes."""
    now = clock.now()
    if now - last_seen_at > SEEN_EVERY:
        session.execute(update(SignIn).where(SignIn.id == sign_in_id).values(last_seen_at=now))


def _end(*conditions: ColumnElement[bool]) -> None:
    session.execute(update(SignIn).where(*conditions, SignIn.ended_at.is_(None)).values(ended_at=clock.now()))


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
