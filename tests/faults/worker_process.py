"""A worker in a process of its own, for tests that kill it: ``python worker_process.py MOMENT MARKER``.

At the moment named, the first worker to come there (the marker file is missing) is
killed as by the power cut: "working" in the middle of a job, "committed" after its
commit and before the queue has heard of it. "never" lets it live.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from sqlalchemy import event, text
from sqlalchemy.orm import Session

from cornerspot.app import create_app
from cornerspot.db import session
from cornerspot.jobs import queue
from cornerspot.jobs.registry import task
from cornerspot.jobs.worker import run_worker
from cornerspot.tenancy import current_team

MOMENT, MARKER = sys.argv[1], Path(sys.argv[2])
# The same clockwork at ten times the speed.
queue.HEARTBEAT_SECONDS, queue.STALLED_SECONDS = 0.3, 1.5


@task("faults.count")
def count() -> None:
    """Adds one to a number that everybody can see, so that a second run would show."""
    session.execute(text("UPDATE teams SET version = version + 1 WHERE id = :id"), {"id": current_team().id})
    die_at("working")
    MARKER.with_suffix(".started").touch()
    if MOMENT == "slowly":
        time.sleep(1.5)


@event.listens_for(Session, "after_commit")
def after_commit(_: Session) -> None:
    die_at("committed")


def die_at(moment: str) -> None:
    if moment == MOMENT and not MARKER.exists():
        MARKER.touch()
        os.kill(os.getpid(), signal.SIGKILL)


run_worker(create_app())
