"""A worker in a process of its own, watched while it works off what waits: events a second, and its memory."""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import psutil
from sqlalchemy import Connection, text

from bench.world import ROOT, World, _environment
from cornerspot.db import db

MEGABYTE = 1024 * 1024
EVERY_SECONDS = 0.25
LONGEST_SECONDS = 900
# What the worker has tried already is not new to it; a job that failed would show as work that never ends.
_WAITING = "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing') AND args ->> 'event' <> ''"


@dataclass
class Watch:
    """What was seen of a worker: how much waited, and how large it was, moment by moment."""

    seconds: list[float] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)
    megabytes: list[float] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        """Events a second, and the size of the process in the first and the last third of its work."""
        at_work = [
            place for place, waiting in enumerate(self.waiting) if waiting < self.waiting[0]
        ]  # It has started, which is what most of its memory is for.
        third = max(len(at_work) // 3, 1)
        first, last = (
            statistics.median(self.megabytes[place] for place in part) for part in (at_work[:third], at_work[-third:])
        )
        begun = at_work[0]
        worked = self.waiting[begun] - self.waiting[-1]
        return {
            "events_worked_on": self.waiting[0] - self.waiting[-1],
            "events_per_second": round(worked / (self.seconds[-1] - self.seconds[begun]), 1),
            "megabytes_first_third": round(first, 1),
            "megabytes_last_third": round(last, 1),
            "megabytes_most": round(max(self.megabytes), 1),
        }


@contextlib.contextmanager
def worker_of(place: World) -> Iterator[psutil.Process]:
    """The worker runs as in production, until the block ends."""
    command = [sys.executable, "-c", "from cornerspot.cli import main; main()", "worker"]
    environment = os.environ | _environment(place.server, place.folder)
    with (place.folder / "worker.log").open("wb") as log:
        working = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        yield psutil.Process(working.pid)
    finally:
        working.terminate()
        working.wait(60)


def watched_until_done(place: World, worker: psutil.Process) -> Watch:
    """The worker has nothing left to do; raises RuntimeError when that takes too long."""
    watch, began = Watch(), perf_counter()
    with place.app.app_context(), db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as reader:
        while perf_counter() - began < LONGEST_SECONDS:
            watch.waiting.append(waiting_jobs(reader))
            watch.seconds.append(perf_counter() - began)
            watch.megabytes.append(worker.memory_info().rss / MEGABYTE)
            if watch.waiting[-1] == 0:
                return watch
            time.sleep(EVERY_SECONDS)
    raise RuntimeError(f"{watch.waiting[-1]} events were not worked on.")


def waiting_jobs(reader: Connection) -> int:
    """How many events wait for the worker, or are in its hands."""
    found: int = reader.execute(text(_WAITING)).scalar_one()
    return found
