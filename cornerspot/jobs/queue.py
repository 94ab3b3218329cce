"""The only file that knows procrastinate, the queue inside PostgreSQL.

Why it: jobs are rows, so that they commit with the work that asked for them, and
LISTEN/NOTIFY wakes the worker at once. A job is marked as running by a worker with
a heartbeat; when the heartbeat stops (kill -9, power cut), ``rescue_abandoned``
gives the job to the next worker.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from procrastinate import App, BaseRetryStrategy, JobContext, PsycopgConnector, RetryDecision
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import DeleteJobCondition, Job, Status
from procrastinate.worker import Worker
from psycopg.types.json import Jsonb

QUEUE = "default"
MAX_TRIES = 8
LONGEST_WAIT = timedelta(hours=6)
HEARTBEAT_SECONDS = 3.0
STALLED_SECONDS = 12.0
STOP_SECONDS = 30.0
RECONNECT_SECONDS = 2.0

# It logs what jobs carry, and that may be a link that sets a password; ``performing``
# logs the outcome without it. What its worker says of itself stays.
logging.getLogger("procrastinate.worker").setLevel(logging.CRITICAL)
logging.getLogger("procrastinate.worker.worker").setLevel(logging.WARNING)

# What procrastinate's own ``defer_jobs`` calls, with all jobs in one value instead of an array
# of rows that is put together in Python at every request.
_DEFER = (
    "SELECT procrastinate_defer_jobs_v1(array_agg(job))"
    " FROM jsonb_populate_recordset(NULL::procrastinate_job_to_defer_v1, %(jobs)s) AS job"
)


class GiveUp(Exception):
    """Raised by a job that no further try can help; it goes to the dead jobs at once."""


@dataclass(frozen=True)
class NewJob:
    """A job to be written: which task or reaction, for which team, with what."""

    name: str
    team_id: UUID | None
    data: dict[str, Any]
    event: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class RunningJob:
    """A job as the worker hands it over; ``tries`` counts this one."""

    id: int
    name: str
    team_id: UUID | None
    data: dict[str, Any]
    tries: int


Perform = Callable[[RunningJob], None]


def insert(jobs: list[NewJob], connection: Any) -> None:
    """Write the jobs on a psycopg connection, as part of its transaction, in one statement."""
    connection.execute(_DEFER, {"jobs": as_value(jobs)})


def with_jobs(statement: str, *, giving: str = "id") -> str:
    """The statement, which gives this of the row that it wrote, and the jobs ``%(jobs)s`` if it wrote one."""
    # What stands beside a row that is not there is not run, and a part without a reference to the row runs once.
    return f"WITH written AS ({statement}) SELECT written.{giving}, ({_DEFER}) FROM written"  # noqa: S608 - no value is in it


def as_value(jobs: list[NewJob]) -> Jsonb:
    """What ``%(jobs)s`` stands for."""
    return Jsonb([_row(job) for job in jobs])


def _row(job: NewJob) -> dict[str, Any]:
    """A ``procrastinate_job_to_defer_v1``."""
    arguments = {"team": str(job.team_id) if job.team_id else None, "event": job.event, "data": job.data}
    at = job.at.isoformat() if job.at else None
    return {"queue_name": QUEUE, "task_name": job.name, "priority": 0, "args": arguments, "scheduled_at": at}


class BackOff(BaseRetryStrategy):
    """Waits of 2, 8, 32 … seconds, six hours at most, and no ninth try."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if isinstance(exception, GiveUp) or job.attempts + 1 >= MAX_TRIES:
            return None
        wait = min(timedelta(seconds=2 * 4**job.attempts), LONGEST_WAIT)
        return RetryDecision(retry_at=datetime.now(UTC) + wait)


@dataclass(frozen=True)
class Periodic:
    """A task the worker itself starts by the clock, in UTC."""

    name: str
    cron: str


class Consumer:
    """Runs jobs of one database until told to stop."""

    def __init__(self, conninfo: str, names: list[str], perform: Perform) -> None:
        self._perform = perform
        self._app = App(connector=PsycopgConnector(conninfo=conninfo, min_size=1, max_size=4))
        self._stopping = False
        self._worker: Worker | None = None
        for name in names:
            self._app.task(name=name, pass_context=True, retry=BackOff(), queue=QUEUE)(self._run)

    def _run(self, context: JobContext, *, team: str | None = None, data: Any = None, **_: Any) -> None:
        job = context.job
        team_id = UUID(team) if team else None
        self._perform(RunningJob(job.id or 0, job.task_name, team_id, data or {}, job.attempts + 1))

    def start_by_clock(self, entries: list[Periodic]) -> None:
        """Start these tasks by the clock, once each time over all workers."""
        for entry in entries:
            self._app.periodic(cron=entry.cron, periodic_id=entry.cron)(self._app.tasks[entry.name])

    def stop(self) -> None:
        """Finish the jobs at hand, begin no other."""
        self._stopping = True
        if self._worker is not None:
            self._worker.stop()

    async def drain(self) -> None:
        """Run every job that is due, and those that they bring about."""
        async with self._app.open_async():
            await self._new_worker(concurrency=1, wait=False, listen_notify=False).run()

    async def serve(self, *, concurrency: int) -> None:
        """Run jobs until ``stop``; a database that went away is waited for."""
        while not self._stopping:
            try:
                async with self._app.open_async():
                    await self._serve_once(concurrency)
            except ConnectorException:
                await asyncio.sleep(RECONNECT_SECONDS)

    async def _serve_once(self, concurrency: int) -> None:
        self._worker = self._new_worker(
            concurrency=concurrency,
            fetch_job_polling_interval=2.0,
            update_heartbeat_interval=HEARTBEAT_SECONDS,
            shutdown_graceful_timeout=STOP_SECONDS,
        )
        rescue = asyncio.create_task(self._rescue_regularly())
        try:
            await self._worker.run()
        finally:
            rescue.cancel()

    def _new_worker(self, **options: Any) -> Worker:
        return Worker(
            app=self._app,
            install_signal_handlers=False,
            stalled_worker_timeout=STALLED_SECONDS,
            delete_jobs=DeleteJobCondition.SUCCESSFUL,
            **options,
        )

    async def _rescue_regularly(self) -> None:
        while True:
            await self._rescue_abandoned()
            await asyncio.sleep(HEARTBEAT_SECONDS)

    async def _rescue_abandoned(self) -> None:
        """Give the jobs of dead workers to the living; one that killed eight workers is dead itself."""
        manager = self._app.job_manager
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
            if job.attempts + 1 >= MAX_TRIES:
                await manager.finish_job(job, Status.FAILED, delete_job=False)
            else:
                await manager.retry_job(job)
        await manager.prune_stalled_workers(STALLED_SECONDS)
