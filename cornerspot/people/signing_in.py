"""Who somebody is, by e-mail address and password."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from cornerspot.db import session
from cornerspot.kit import clock
from cornerspot.people.emails import comparable_email
from cornerspot.people.lock_out import (
    clear_failures,
    count_failure,
    forget_failures,
    forget_old_failures_in,
    held_failures,
    wait_sentence,
)
from cornerspot.people.models import Person, SignInFailure
from cornerspot.people.passwords import hash_password, is_outdated, is_password


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
    """
    address = comparable_email(email)
    failure = held_failures(SignInFailure, address, purpose="sign-in")
    refusal = wait_sentence(failure)
    if refusal:
        return Attempt(refusal=refusal, is_locked=True)
    person = session.scalars(select(Person).where(Person.email == address)).one_or_none()
    if person is None or not is_password(person.password_hash, password):
        if person is None:
            is_password(None, password)
        refusal = count_failure(failure)
        return Attempt(refusal=refusal, is_locked=failure.locked_until is not None)
    clear_failures(failure)
    if person.password_hash and is_outdated(person.password_hash):
        person.password_hash = hash_password(password)
    person.last_signed_in_at = clock.now()
    return Attempt(person=person)


def forget_failures_of(email: str) -> None:
    """The address may be tried again at once: its owner proved who they are in another way."""
    forget_failures(SignInFailure, email)


def forget_old_failures() -> None:
    """Failures of more than a day ago count no more, and their rows are gone."""
    forget_old_failures_in(SignInFailure)
