"""Teams with people in every role, and browsers signed in as them."""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass, field

from flask import Flask
from flask.testing import FlaskClient

from cornerspot.db import session
from cornerspot.db.transaction import transaction
from cornerspot.onboarding.opening import open_team
from cornerspot.people.actors import Actor
from cornerspot.people.models import Membership, Person, Role
from cornerspot.people.sessions import begin_session, teammate
from cornerspot.plans.assigning import assign_plan
from cornerspot.tenancy import CurrentTeam, system_scope, team_scope
from cornerspot.tenancy.creating import plan_team
from cornerspot.tenancy.http import TeamSessionInterface

PASSWORD = "a long enough password"
_counter = itertools.count(1)


@dataclass
class Story:
    """One team of a test. ``actors`` maps a role to the teammate who has it."""

    app: Flask
    team: CurrentTeam
    actors: dict[str, Actor] = field(default_factory=dict)

    @property
    def owner(self) -> Actor:
        return self.actors["owner"]

    def sign_in(self, role: str = "owner") -> FlaskClient:
        """A browser of the teammate with this role; adds the teammate when there is none."""
        actor = self.actors.get(role) or self.add_teammate(role)
        with self.app.app_context(), system_scope("a test signs in"), transaction():
            person = session.get(Person, actor.person_id)
            assert person is not None
            token, _ = begin_session(person, team_id=self.team.id, ip_address="127.0.0.1", user_agent="test")
        client = TeamClient(self.app, self.app.response_class, use_cookies=True)
        client.prefix = f"/{self.team.slug}"
        serializer = TeamSessionInterface().get_signing_serializer(self.app)
        assert serializer is not None
        value = serializer.dumps({"_user_id": token, "_fresh": True, "_team": str(self.team.id)})
        client.set_cookie("cornerspot_team", str(value), path=f"{client.prefix}/")
        return client

    def add_teammate(self, role: str) -> Actor:
        """Another person with this role in the team."""
        with self.app.app_context():
            with system_scope("a test adds a person"), transaction():
                person = new_person()
                session.add(person)
                session.flush()
                person_id = person.id
            with team_scope(self.team), transaction():
                membership = Membership(person_id=person_id, role=Role(role))
                session.add(membership)
                session.flush()
                self.actors[role] = teammate(membership, person)
        return self.actors[role]


class TeamClient(FlaskClient):
    """A browser whose paths are those of one team: ``get("/deals")`` asks for ``/<slug>/deals``."""

    prefix = ""

    def open(self, *args, **kwargs):  # type: ignore[no-untyped-def]
        if args and isinstance(args[0], str) and args[0].startswith("/"):
            path = args[0]
            if not path.startswith((self.prefix + "/", "/static/")) and path != self.prefix:
                args = (self.prefix + path, *args[1:])
        return super().open(*args, **kwargs)


def new_person(email: str | None = None, name: str = "Tess Tester") -> Person:
    """A person with an address that nobody else has."""
    number = next(_counter)
    return Person(email=email or f"person-{os.getpid()}-{number}@example.com", name=name)


def open_story(
    app: Flask,
    *,
    plan_key: str = "growth_v1",
    currency: str = "EUR",
    time_zone: str = "Europe/Vienna",
    country: str = "AT",
    name: str = "Muster & Söhne GmbH",
) -> Story:
    """Open a team through the use-case that sign-up uses, on a plan without trial."""
    planned = plan_team(
        name=name,
        slug=f"team-{os.getpid()}-{next(_counter)}",
        currency=currency,
        time_zone=time_zone,
        country=country,
    )
    with app.app_context(), team_scope(planned), transaction():
        person = new_person()
        session.add(person)
        session.flush()
        owner = open_team(planned, person.id)
        assign_plan(plan_key, end_trial=True)
    return Story(app, planned, {"owner": owner})
