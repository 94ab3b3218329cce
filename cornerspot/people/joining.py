"""Making a sign-in for somebody who has none yet."""

from __future__ import annotations

from sqlalchemy import select

from cornerspot.db import session
from cornerspot.db.locks import lock_name
from cornerspot.kit.errors import Invalid
from cornerspot.people.emails import require_email
from cornerspot.people.models import Person
from cornerspot.people.passwords import hash_password, require_good_password


class EmailTaken(Invalid):
    """There is a sign-in with this e-mail address already. Sign in first, then open your team."""

    def __init__(self) -> None:
        super().__init__((type(self).__doc__ or "").strip(), field="email")


def create_person(
    *, name: str, email: str, password: str, about: tuple[str, ...] = (), name_field: str = "name"
) -> Person:
    """Somebody new who can sign in, flushed; raises Invalid naming the field, EmailTaken."""
    name = require_name(name, field=name_field)
    address = require_email(email)
    require_good_password(password, about=(address, name, *about))
    lock_name(f"person {address}")
    if session.scalar(select(Person.id).where(Person.email == address)):
        raise EmailTaken()
    person = Person(email=address, name=name, password_hash=hash_password(password))
    session.add(person)
    session.flush()  # Memberships and sign-ins refer to the row.
    return person


def require_name(text: str, *, field: str = "name") -> str:
    """A person's name; raises Invalid."""
    name = " ".join(text.split())
    if not name or len(name) > 120:
        raise Invalid("Enter your name, up to 120 characters.", field=field)
    return name


def rename_person(person: Person, name: str) -> None:
    """The person is called so in every team; raises Invalid."""
    person.name = require_name(name)
