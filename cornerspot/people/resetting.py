"""A new password by e-mail: asked for, sent by the worker, set once within the hour."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select, update

from cornerspot.db import session
from cornerspot.db.locks import lock, lock_name
from cornerspot.jobs.publishing import publish
from cornerspot.kit import clock
from cornerspot.kit.errors import Invalid, NotFound
from cornerspot.kit.ids import decode_public_id, encode_public_id
from cornerspot.kit.secrets import keyed_signature, same
from cornerspot.people.emails import require_email
from cornerspot.people.events import PasswordResetAsked
from cornerspot.people.models import PasswordReset, Person, SignIn
from cornerspot.people.passwords import hash_password, is_password, require_good_password
from cornerspot.people.sessions import end_all_sessions
from cornerspot.people.signing_in import forget_failures_of
from cornerspot.settings import current_settings

LASTS = timedelta(hours=1)
MOST_PER_HOUR = 3
_PREFIX, _PURPOSE = "rst", "password reset"


class ResetUnusable(NotFound):
    """This link was used already or is more than an hour old. Ask for a new one."""


def ask_for_reset(email: str) -> None:
    """A link is on its way if somebody has this address; nothing here depends on whether. Raises Invalid."""
    publish(PasswordResetAsked(require_email(email)))


def begin_reset(email: str) -> tuple[Person, str] | None:
    """The person with the address and the token for the link; None for nobody, or too many in an hour."""
    lock_name(f"password reset {email}")
    person = session.scalars(select(Person).where(Person.email == email)).one_or_none()
    if person is None:
        return None
    recent = select(func.count()).where(
        PasswordReset.person_id == person.id, PasswordReset.created_at > clock.now() - LASTS
    )
    if (session.scalar(recent) or 0) >= MOST_PER_HOUR:
        return None
    row = PasswordReset(person_id=person.id, expires_at=clock.now() + LASTS, sent_at=clock.now())
    session.add(row)
    session.flush()  # The link is signed with the row's id.
    return person, _token(row)


def find_reset(token: str) -> PasswordReset:
    """The open reset of a link; raises ResetUnusable."""
    public_id, _, signature = token.partition(".")
    try:
        row_id = decode_public_id(_PREFIX, public_id)
    except ValueError as error:
        raise ResetUnusable() from error
    row = session.get(PasswordReset, row_id)
    if row is None or not same(signature, _token(row).partition(".")[2]):
        raise ResetUnusable()
    _require_open(row)
    return row


def reset_password(row: PasswordReset, password: str) -> Person:
    """The person has the new password and is signed out everywhere; no link of theirs works any more.

    Raises ResetUnusable, Invalid.
    """
    lock(row)
    _require_open(row)
    person = session.get_one(Person, row.person_id)
    lock(person)
    _set_password(person, password)
    session.execute(
        update(PasswordReset)
        .where(PasswordReset.person_id == person.id, PasswordReset.used_at.is_(None))
        .values(used_at=clock.now())
    )
    end_all_sessions(person)
    forget_failures_of(person.email)
    return person


def change_password(person: Person, *, current: str, password: str, here: SignIn) -> None:
    """The person has the new password and is signed out in every other browser; raises Invalid."""
    lock(person)
    if not is_password(person.password_hash, current):
        raise Invalid("This is not your password.", field="current")
    _set_password(person, password)
    end_all_sessions(person, except_for=here)


def _set_password(person: Person, password: str) -> None:
    require_good_password(password, about=(person.email, person.name))
    person.password_hash = hash_password(password)


def _require_open(row: PasswordReset) -> None:
    if row.used_at is not None or row.expires_at <= clock.now():
        raise ResetUnusable()


def _token(row: PasswordReset) -> str:
    key = current_settings().secret_key
    return f"{encode_public_id(_PREFIX, row.id)}.{keyed_signature(key, _PURPOSE, str(row.id))}"
