"""The worker process, and its synchronous little sister for tests and the demo."""

from __future__ import annotations

import asyncio
import contextvars
import signal
import threading
from collections.abc import Sequence
from functools import partial

import structlog

from cornerspot.db import db
from cornerspot.jobs.performing import WebApp, perform
from cornerspot.jobs.queue import Consumer, Periodic, RunningJob
from cornerspot.jobs.registry import job_kinds

log = structlog.get_logger("cornerspot.jobs")
CONCURRENCY = 2


class JobsFailed(ExceptionGroup):
    """Jobs that ``run_pending`` ran raised these."""


def run_worker(app: WebApp, by_clock: Sequence[Periodic] = (), *, concurrency: int = CONCURRENCY) -> None:
    """Run jobs until SIGTERM or SIGINT, then finish those at hand and return."""
    consumer = _consumer(app, partial(perform, app))
    consumer.start_by_clock(list(by_clock))
    log.info("worker_started", concurrency=concurrency)
    asyncio.run(_serve_until_signal(consumer, concurrency))
    log.info("worker_stopped")


async def _serve_until_signal(consumer: Consumer, concurrency: int) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, consumer.stop)
    await consumer.serve(concurrency=concurrency)


def run_pending(app: WebApp) -> int:
    """Run every job that is due, and those they bring about; the number of jobs that ran.

    By the same code as the worker's, in this process. Raises JobsFailed with what
    the jobs raised; such jobs wait for their next try, as they would elsewhere.
    """
    ran: list[int] = []
    errors: list[Exception] = []

    def run(job: RunningJob) -> None:
        ran.append(job.id)
        try:
            perform(app, job)
        except Exception as error:
            errors.append(error)
            raise

    consumer = _consumer(app, run)
    # A thread of its own, because the caller's may have an event loop already.
    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(asyncio.run, consumer.drain()))
    thread.start()
    thread.join()
    if errors:
        raise JobsFailed("Jobs failed", errors)
    return len(ran)


def _consumer(app: WebApp, run: partial[None] | object) -> Consumer:
    with app.app_context():
        url = db.engine.url.set(drivername="postgresql")
    names = [kind.name for kind in job_kinds()]
    return Consumer(url.render_as_string(hide_password=False), names, run)  # type: ignore[arg-type]
