"""How an operator looks into one team: in its scope, in a transaction of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import abort
from sqlalchemy import select

from cornerspot.blueprints.support.identity import signed_in_person
from cornerspot.db import session
from cornerspot.db.transaction import transaction
from cornerspot.people.actors import Actor
from cornerspot.tenancy import CurrentTeam, team_scope
from cornerspot.tenancy.models import Team


def current_operator() -> Actor:
    """The operator who asks; only for views behind ``operator_route``."""
    person = signed_in_person()
    if person is None:
        raise RuntimeError("current_operator() needs operator_route on the view")
    return Actor(kind="operator", id=person.id, name=person.name, email=person.email, person_id=person.id)


def team_or_404(slug: str) -> CurrentTeam:
    """The team with this address; answers 404 otherwise."""
    team = session.scalars(select(Team).where(Team.slug == slug)).one_or_none()
    if team is None:
        abort(404)
    return team.snapshot()


@contextmanager
def inside(team: CurrentTeam) -> Iterator[None]:
    """Work in the team's scope and commit; the request's own transaction is over before it begins."""
    session.commit()  # Nothing was written yet.
    session.expunge_all()  # So that a refusal in the team cannot empty the objects that the page still shows.
    with team_scope(team), transaction():
        yield
