"""A process that is killed with -9 at a chosen moment of its talk with the database.

Moments are counted at the driver, below SQLAlchemy, so that the job queue's own
statements count too: before each statement, before each commit and after it.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
from flask import Flask

from cornerspot.db import db, session
from cornerspot.tenancy import CurrentTeam, team_scope

MOST_MOMENTS = 240
PATIENCE = 60.0


def killed_at_every_moment(app: Flask, team: CurrentTeam, next_work: Callable[[], Callable[[], Any]]) -> Iterator[int]:
    """Kill a child at its 1st, 2nd, 3rd … moment, until one gets to the end of its work.

    ``next_work`` arranges a try and gives the work that the child does and commits.
    Yields the moment after each child is gone, for the test to look; also after the
    one that survived.
    """
    for moment in range(1, MOST_MOMENTS):
        work = next_work()
        killed = _run_child(app, team, work, moment)
        yield moment
        if not killed:
            return
    raise AssertionError(f"no child came through within {MOST_MOMENTS} moments")


def _run_child(app: Flask, team: CurrentTeam, work: Callable[[], Any], moment: int) -> bool:
    """Whether the child was killed before its work was done; fails when it raised instead."""
    with app.app_context():
        db.engine.dispose()  # A forked child must not share our connections.
    child = multiprocessing.get_context("fork").Process(target=_work_and_die, args=(app, team, work, moment))
    child.start()
    child.join(PATIENCE)
    assert child.exitcode in (0, -signal.SIGKILL), f"the child ended with {child.exitcode}"
    return child.exitcode == -signal.SIGKILL


def _work_and_die(app: Flask, team: CurrentTeam, work: Callable[[], Any], moment: int) -> None:
    """In the child: do the work, commit it, and be gone at the moment; never returns."""
    code = 1
    try:
        with app.app_context(), team_scope(team):
            _count_down(moment)
            work()
            session.commit()
        code = 0
    finally:
        if code:
            traceback.print_exc()
        os._exit(code)  # Nothing of pytest may run on in the copy.


def _count_down(moment: int) -> None:
    """From now on, in this process, the n-th moment is the last."""
    left = [moment]

    def tick() -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def before(name: str, kind: type[Any]) -> None:
        original = getattr(kind, name)

        def ticking(self: Any, *args: Any, **options: Any) -> Any:
            tick()
            return original(self, *args, **options)

        setattr(kind, name, ticking)

    before("execute", psycopg.Cursor)
    before("executemany", psycopg.Cursor)
    commit = psycopg.Connection.commit

    def ticking_commit(self: psycopg.Connection[Any]) -> None:
        tick()
        commit(self)
        tick()

    psycopg.Connection.commit = ticking_commit  # type: ignore[method-assign]
