"""``cornerspot person …``: people who sign in."""

from __future__ import annotations

import click
from sqlalchemy import select, update

from cornerspot.cli.support import in_app, in_installation
from cornerspot.db import session
from cornerspot.kit import clock
from cornerspot.kit.errors import Conflict, Invalid, NotFound
from cornerspot.people.emails import comparable_email, require_email
from cornerspot.people.models import Person, SignIn
from cornerspot.people.passwords import hash_password, require_good_password

PASSWORD = click.option(
    "--password", prompt=True, hide_input=True, confirmation_prompt=True, help="Asked for when it is not given."
)


@click.group("person")
def person() -> None:
    """People: create, set a password, make an operator."""


@person.command("create")
@click.argument("email")
@click.option("--name", required=True)
@PASSWORD
@in_app
def create(email: str, name: str, password: str) -> None:
    """Create somebody who can sign in with EMAIL."""
    address = require_email(email)
    if not name.strip() or len(name) > 120:
        raise Invalid("Give a name, up to 120 characters.")
    require_good_password(password, about=(address, name))
    with in_installation("a person is created at the command line"):
        if session.scalar(select(Person.id).where(Person.email == address)):
            raise Conflict(f"There is somebody with the address {address} already.")
        session.add(Person(email=address, name=name.strip(), password_hash=hash_password(password)))
    click.echo(f"{address} can sign in.")


@person.command("set-password")
@click.argument("email")
@PASSWORD
@in_app
def set_password(email: str, password: str) -> None:
    """Give EMAIL a new password and sign them out everywhere."""
    with in_installation("a password is set at the command line"):
        found = _find(email)
        require_good_password(password, about=(found.email, found.name))
        found.password_hash = hash_password(password)
        session.execute(
            update(SignIn).where(SignIn.person_id == found.id, SignIn.ended_at.is_(None)).values(ended_at=clock.now())
        )
        address = found.email
    click.echo(f"{address} has a new password and is signed out everywhere.")


@person.command("make-operator")
@click.argument("email")
@click.option("--undo", is_flag=True, help="Take the right away again.")
@in_app
def make_operator(email: str, undo: bool) -> None:
    """Let EMAIL use the operators' pages at /operators."""
    with in_installation("an operator is made at the command line"):
        found = _find(email)
        found.is_operator = not undo
        address = found.email
    click.echo(f"{address} is {'no operator any more' if undo else 'an operator: /operators'}.")


def _find(email: str) -> Person:
    found = session.scalars(select(Person).where(Person.email == comparable_email(email))).one_or_none()
    if found is None:
        raise NotFound(f"There is nobody with the address {email}.")
    return found
