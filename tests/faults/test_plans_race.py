"""Threads that race for the last of a limit: exactly one gets it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask

from cornerspot.db import session
from cornerspot.db.transaction import transaction
from cornerspot.kit.errors import LimitReached
from cornerspot.people.models import Membership, Role
from cornerspot.plans.entitlements import lock_limit, require_below
from cornerspot.plans.features import Limit
from cornerspot.plans.usage import count_teammates
from cornerspot.tenancy import CurrentTeam, system_scope, team_scope
from tests.factories.teams import new_person, open_story

THREADS = 8


def newcomers(app: Flask) -> list[object]:
    with app.app_context(), system_scope("a test adds people"), transaction():
        people = [new_person() for _ in range(THREADS)]
        session.add_all(people)
        session.flush()
        return [person.id for person in people]


def take_seat(app: Flask, team: CurrentTeam, person_id, at_once: Barrier) -> bool:
    with app.app_context(), team_scope(team):
        at_once.wait()
        try:
            with transaction():
                size = lock_limit(Limit.TEAMMATES)
                require_below(Limit.TEAMMATES, size=size, used=count_teammates())
                session.add(Membership(person_id=person_id, role=Role.REP))
        except LimitReached:
            return False
        return True


@pytest.mark.fault
def test_of_eight_who_reach_for_the_last_seat_exactly_one_gets_it(app):
    story = open_story(app, plan_key="free_v1")  # Two seats, one of them the owner's.
    people, at_once = newcomers(app), Barrier(THREADS)
    with ThreadPoolExecutor(THREADS) as pool:
        got = list(pool.map(lambda person_id: take_seat(app, story.team, person_id, at_once), people))
    assert sum(got) == 1
    with app.app_context(), team_scope(story.team):
        assert count_teammates() == 2
