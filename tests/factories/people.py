"""People with passwords, and browsers that type into forms."""

from __future__ import annotations

import re
from functools import cache
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from cornerspot.db import session
from cornerspot.db.transaction import transaction
from cornerspot.people.models import Membership, Person, Role
from cornerspot.people.passwords import hash_password
from cornerspot.tenancy import system_scope, team_scope
from tests.factories.teams import Story, new_person

PASSWORD = "correct horse battery staple"
_TOKEN = re.compile(r'name="csrf_token"[^>]* value="([^"]+)"')


@cache
def password_hash() -> str:
    """The hash of PASSWORD, made once: hashing is slow on purpose."""
    return hash_password(PASSWORD)


def give_password(story: Story, role: str) -> str:
    """The teammate with this role can sign in with PASSWORD; returns their e-mail address."""
    actor = story.actors.get(role) or story.add_teammate(role)
    with story.app.app_context(), system_scope("a test gives a password"), transaction():
        session.get_one(Person, actor.person_id).password_hash = password_hash()
    return actor.email


def add_person(app: Flask, *, name: str = "Tess Tester", email: str | None = None) -> str:
    """Somebody with PASSWORD who is in no team yet; returns the e-mail address."""
    with app.app_context(), system_scope("a test adds a person"), transaction():
        person = new_person(email, name)
        person.password_hash = password_hash()
        session.add(person)
        session.flush()
        return person.email


def person_id_of(app: Flask, name: str) -> UUID:
    """A new person's id."""
    email = add_person(app, name=name)
    with app.app_context(), system_scope("a test looks"):
        return session.scalars(select(Person.id).where(Person.email == email)).one()


def add_membership(story: Story, person_id: UUID | None, role: str) -> None:
    """Somebody who has a sign-in becomes a teammate of a further team."""
    assert person_id is not None
    with story.app.app_context(), team_scope(story.team), transaction():
        session.add(Membership(person_id=person_id, role=Role(role)))


class Browser:
    """A browser on any address, which fills in a page's form and keeps its cookies."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(path, **options)

    def post(self, path: str, **options: Any) -> TestResponse:
        return self.client.post(path, **options)

    def submit(
        self, path: str, to: str | None = None, query: dict[str, str] | None = None, **fields: Any
    ) -> TestResponse:
        """Open the page, fill in its form and send it, as a person would."""
        page = self.get(path)
        found = _TOKEN.search(page.text)
        assert found, f"{path} shows no form: {page.status_code}\n{page.text[:500]}"
        return self.post(to or path, query_string=query, data={"csrf_token": found[1], **fields})

    def follow(self, response: TestResponse) -> TestResponse:
        """Go where a redirect leads, and on until a page is shown."""
        while response.status_code in (302, 303, 307, 308):
            response = self.get(response.location)
        return response

    def cookie(self, name: str, path: str = "/") -> str | None:
        found = self.client.get_cookie(name, path=path)
        return found.value if found else None
