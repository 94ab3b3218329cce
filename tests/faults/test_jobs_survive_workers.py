"""Workers killed with -9, stopped politely, and woken: each job's work is done exactly once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from cornerspot.db import db, session
from cornerspot.db.transaction import transaction
from cornerspot.jobs.publishing import enqueue
from cornerspot.jobs.registry import task
from cornerspot.settings import Settings
from cornerspot.tenancy import CurrentTeam

pytestmark = [pytest.mark.fault, pytest.mark.usefixtures("empty_queue")]
SCRIPT = Path(__file__).with_name("worker_process.py")
PATIENCE = 30.0
Start = Callable[[str], "subprocess.Popen[bytes]"]


@task("faults.count")
def count() -> None:
    """The worker's own process has the real one; here is only its name."""


@pytest.fixture
def start(settings: Settings, tmp_path: Path) -> Iterator[Start]:
    """Starts a worker that dies at a moment; all are gone after the test."""
    environ = {
        **os.environ,
        "CORNERSPOT_ENV": "test",
        "CORNERSPOT_DATA_DIR": str(settings.data_dir),
        "CORNERSPOT_SECRET_KEY": settings.secret_key,
        "DATABASE_URL": str(settings.database_url),
        "PYTHONPATH": str(SCRIPT.parents[2]),
    }
    children: list[subprocess.Popen[bytes]] = []

    def run(moment: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, str(SCRIPT), moment, str(tmp_path / "marker")]
        children.append(subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE))
        return children[-1]

    yield run
    for child in children:
        if child.poll() is None:
            child.kill()
        sys.stderr.write(child.communicate()[1].decode())  # pytest shows it when the test fails.


def look(question: str, **values: object) -> object:
    """One value from the database, read on a connection of its own."""
    with db.engine.connect() as connection:
        return connection.execute(text(question), values).scalar()


def wait_until(condition: Callable[[], bool]) -> float:
    """Seconds until the condition held; fails when patience ends."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < PATIENCE, "waited too long"
        time.sleep(0.02)  # A poll of another process's work, not a wait for luck.
    return time.monotonic() - began


def counted(team: CurrentTeam) -> object:
    return look("SELECT version FROM teams WHERE id = :id", id=team.id)


def queue_is_empty() -> bool:
    return look("SELECT count(*) FROM procrastinate_jobs") == 0


@pytest.mark.parametrize("moment", ["working", "committed"])
def test_a_killed_workers_job_is_finished_once_by_another(team: CurrentTeam, start: Start, moment: str) -> None:
    before = counted(team)
    with transaction():
        enqueue("faults.count")
    first = start(moment)
    assert first.wait(PATIENCE) == -signal.SIGKILL
    assert look("SELECT status::text FROM procrastinate_jobs") == "doing"
    assert counted(team) == (before if moment == "working" else before + 1)  # type: ignore[operator]
    start("never")
    wait_until(queue_is_empty)
    assert counted(team) == before + 1  # type: ignore[operator]


def test_a_running_worker_takes_over_from_a_killed_one(team: CurrentTeam, start: Start) -> None:
    before = counted(team)
    with transaction():
        for _ in range(5):
            enqueue("faults.count")
    workers = [start("working"), start("working"), start("working")]
    wait_until(queue_is_empty)
    assert counted(team) == before + 5  # type: ignore[operator]
    assert sorted(worker.poll() or 0 for worker in workers) == [-signal.SIGKILL, 0, 0]


def test_a_stopped_worker_finishes_the_job_at_hand_and_begins_no_other(
    team: CurrentTeam, start: Start, tmp_path: Path
) -> None:
    before = counted(team)
    with transaction():
        for _ in range(4):
            enqueue("faults.count")
    worker = start("slowly")
    wait_until((tmp_path / "marker.started").exists)
    worker.terminate()
    assert worker.wait(PATIENCE) == 0
    done = counted(team) - before  # type: ignore[operator]
    assert 1 <= done <= 2  # Two run at a time.
    assert look("SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'") == 4 - done
    assert look("SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'") == 0


def test_a_waiting_worker_is_woken_by_the_commit(team: CurrentTeam, start: Start) -> None:
    start("never")
    wait_until(lambda: bool(look("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")))
    session.rollback()
    with transaction():
        enqueue("faults.count")
    assert wait_until(queue_is_empty) < 1.5  # Polling alone would take two seconds.


def test_a_worker_outlives_a_lost_database_connection(team: CurrentTeam, start: Start) -> None:
    before = counted(team)
    worker = start("never")
    wait_until(lambda: bool(look("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")))
    look(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND query LIKE ANY (ARRAY['LISTEN%', '%procrastinate%'])"
    )
    session.rollback()
    with transaction():
        enqueue("faults.count")
    wait_until(queue_is_empty)
    assert worker.poll() is None
    assert counted(team) == before + 1  # type: ignore[operator]
