"""Counts behind the rate limits: one for all processes, for a time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from flask import Flask
from limits import parse
from limits.strategies import FixedWindowRateLimiter
from sqlalchemy import Engine, create_engine, pool

from cornerspot.blueprints.support.limits import DatabaseCounts
from cornerspot.db import db
from cornerspot.db.counting import count_tries, counted, forget_counts
from cornerspot.kit import clock


@pytest.fixture
def engines(app: Flask) -> Iterator[list[Engine]]:
    """Two pools of connections, as two worker processes have them."""
    with app.app_context():
        url = db.engine.url
    pools = [create_engine(url, poolclass=pool.NullPool) for _ in range(2)]
    yield pools
    for engine in pools:
        engine.dispose()


@pytest.fixture
def key() -> str:
    return f"a test {uuid4()}"


def test_a_limit_is_one_for_all_processes(engines: list[Engine]) -> None:
    limiters = [FixedWindowRateLimiter(DatabaseCounts(engine=engine)) for engine in engines]
    limit, who = parse("20 per minute"), str(uuid4())
    with ThreadPoolExecutor(8) as people:
        let_in = list(people.map(lambda number: limiters[number % 2].hit(limit, "sign-in", who), range(40)))
    assert let_in.count(True) == 20
    assert [one.test(limit, "sign-in", who) for one in limiters] == [False, False]
    assert limiters[0].test(limit, "sign-in", str(uuid4()))


def test_a_count_lasts_for_its_seconds_and_then_begins_anew(engines: list[Engine], key: str) -> None:
    [engine, _] = engines
    began = clock.now()
    for after, expected in ((0, 1), (59, 2), (60, 1), (61, 2)):
        with clock.moved_to(began + timedelta(seconds=after)):
            assert count_tries(engine, key, tries=1, seconds=60) == expected
    with clock.moved_to(began + timedelta(seconds=61)):
        assert counted(engine, key) == (2, began + timedelta(seconds=120))
    with clock.moved_to(began + timedelta(seconds=120)):
        assert counted(engine, key)[0] == 0


def test_only_counts_that_have_expired_are_forgotten_at_night(engines: list[Engine], key: str) -> None:
    [engine, _] = engines
    count_tries(engine, key, tries=1, seconds=60)
    count_tries(engine, f"{key} old", tries=1, seconds=0)
    assert forget_counts(engine, expired=True) >= 1
    assert counted(engine, key)[0] == 1
    assert forget_counts(engine, key) == 1
    assert counted(engine, key)[0] == 0
