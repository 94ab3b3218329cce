"""Who somebody is, by e-mail address and password; and how long to wait after failing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from sqlalchemy import delete, select

from cornerspot.db import session
from cornerspot.db.locks import lock, lock_name
from cornerspot.kit import clock
from cornerspot.kit.secrets import digest
from cornerspot.people.emails import comparable_email
from cornerspot.people.models import Person, SignInFailure
from cornerspot.people.passwords import hash_password, is_outdated, is_password

FREE_FAILURES = 5
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(minutes=30)
FORGOTTEN_AFTER = timedelta(hours=24)


@dataclass(frozen=True)
class Attempt:
    """A try to sign in: the person, or the sentence that says why not.

    Not an error that is raised, because a failure is something to keep: the
    caller commits it and shows ``refusal``.
    """

    person: Person | None = None
    refusal: str = ""
    is_locked: bool = False


def try_password(email: str, password: str) -> Attempt:
    """The person when the password is right; otherwise the failure is counted.

    The answer, and the time it takes, is the same for an address nobody has.
    Tries for one address are made one after the other, so that many at once
    cannot get more guesses.
    """
    address = comparable_email(email)
    failure = _locked_failures(address)
    now = clock.now()
    if failure.locked_until is not None and failure.locked_until > now:
        return Attempt(refusal=_wait_sentence(failure.locked_until - now), is_locked=True)
    person = session.scalars(select(Person).where(Person.email == address)).one_or_none()
    if person is None or not is_password(person.password_hash, password):
        if person is None:
            is_password(None, password)
        return _failed(failure)
    if failure in session:
        session.delete(failure)
    if person.password_hash and is_outdated(person.password_hash):
        person.password_hash = hash_password(password)
    person.last_signed_in_at = now
    return Attempt(person=person)


def forget_failures_of(email: str) -> None:
    """The address may be tried again at once: its owner proved who they are in another way."""
    session.execute(delete(SignInFailure).where(SignInFailure.email_digest == digest(email)))


def forget_old_failures() -> None:
    """Failures of more than a day ago count no more, and their rows are gone."""
    session.execute(delete(SignInFailure).where(SignInFailure.last_failed_at < clock.now() - FORGOTTEN_AFTER))


def _locked_failures(address: str) -> SignInFailure:
    """The row of an address, held until the transaction ends; a new one when there is none."""
    key = digest(address)
    lock_name(f"sign-in {key}")
    row = session.scalars(select(SignInFailure).where(SignInFailure.email_digest == key)).one_or_none()
    if row is None:
        return SignInFailure(email_digest=key, failures=0, last_failed_at=clock.now())
    lock(row)
    if row.last_failed_at < clock.now() - FORGOTTEN_AFTER:
        row.failures, row.locked_until = 0, None
    return row


def _failed(failure: SignInFailure) -> Attempt:
    now = clock.now()
    session.add(failure)
    failure.failures += 1
    failure.last_failed_at = now
    over = failure.failures - FREE_FAILURES
    if over < 0:
        return Attempt(refusal="This e-mail address and password do not belong together. Check both and try again.")
    wait = min(FIRST_WAIT * 2 ** min(over, 10), LONGEST_WAIT)
    failure.locked_until = now + wait
    return Attempt(refusal=_wait_sentence(wait), is_locked=True)


def _wait_sentence(wait: timedelta) -> str:
    minutes = max(1, ceil(wait.total_seconds() / 60))
    words = "1 minute" if minutes == 1 else f"{minutes} minutes"
    return f"Too many failed tries. Wait {words} and try again, or ask for a new password."
