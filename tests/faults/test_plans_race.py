"""Threads that race for the last of a limit: exactly one gets it."""

from __future__ import annotations

from uuid import UUID

import pytest
from flask import Flask

from cornerspot.db import session
from cornerspot.db.transaction import in_transaction, transaction
from cornerspot.kit.errors import LimitReached
from cornerspot.people.models import Membership, Role
from cornerspot.plans.entitlements import lock_limit, require_below
from cornerspot.plans.features import Limit
from cornerspot.plans.usage import count_teammates
from cornerspot.tenancy import system_scope, team_scope
from tests.factories.teams import new_person, open_story
from tests.faults.racing import at_once, in_team

PEOPLE = 8


def newcomers(app: Flask) -> list[UUID]:
    with app.app_context(), system_scope("a test adds people"), transaction():
        people = [new_person() for _ in range(PEOPLE)]
        session.add_all(people)
        session.flush()
        return [person.id for person in people]


def take_seat(person_id: UUID) -> None:
    size = lock_limit(Limit.TEAMMATES)
    require_below(Limit.TEAMMATES, size=size, used=count_teammates())
    session.add(Membership(person_id=person_id, role=Role.REP))


@pytest.mark.fault
def test_of_eight_who_reach_for_the_last_seat_exactly_one_gets_it(app):
    story = open_story(app, plan_key="free_v1")  # Two seats, one of them the owner's.
    works = [lambda one=one: in_transaction(lambda: take_seat(one)) for one in newcomers(app)]
    got = at_once(*(in_team(story, work) for work in works), taken=LimitReached)
    assert got.count(None) == 1
    with app.app_context(), team_scope(story.team):
        assert count_teammates() == 2
