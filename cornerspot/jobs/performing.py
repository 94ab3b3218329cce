"""Running one job: its app context, its team's scope, its transaction, its log lines."""

from __future__ import annotations

from contextlib import AbstractContextManager
from time import perf_counter
from typing import Any, Protocol

import structlog
from sqlalchemy.dialects.postgresql import insert

from cornerspot.db import session
from cornerspot.db.transaction import in_transaction
from cornerspot.jobs.models import JobReceipt
from cornerspot.jobs.payload import decode
from cornerspot.jobs.queue import RunningJob
from cornerspot.jobs.registry import JobKind, job_kind
from cornerspot.kit import clock
from cornerspot.tenancy import system_scope, team_scope

log = structlog.get_logger("cornerspot.jobs")


class WebApp(Protocol):
    """What of the application the worker needs."""

    def app_context(self) -> AbstractContextManager[Any]: ...


def perform(app: WebApp, job: RunningJob) -> None:
    """The job's function has run and committed, once even if this is called again."""
    kind = job_kind(job.name)
    scope = team_scope(job.team_id) if job.team_id else system_scope(f"job {job.name}")
    began = perf_counter()
    with (
        structlog.contextvars.bound_contextvars(job=job.id, job_name=job.name, tries=job.tries),
        app.app_context(),
        scope,
    ):
        try:
            _run(kind, job)
        except Exception as error:
            log.warning("job_failed", error=repr(error), exc_info=True)
            raise
        log.info("job_done", milliseconds=round((perf_counter() - began) * 1000))


def _run(kind: JobKind, job: RunningJob) -> None:
    if kind.own_transactions:
        _call(kind, job)
    else:
        in_transaction(lambda: _call_once(kind, job))


def _call_once(kind: JobKind, job: RunningJob) -> None:
    """Work and receipt commit together; a second runner waits here for the first, then skips."""
    receipt = insert(JobReceipt).values(job_id=job.id, created_at=clock.now())
    taken = session.execute(receipt.on_conflict_do_nothing().returning(JobReceipt.job_id)).scalar()
    if taken is not None:
        _call(kind, job)


def _call(kind: JobKind, job: RunningJob) -> None:
    if kind.event_class is not None:
        kind.function(decode(kind.event_class, job.data))
    else:
        kind.function(**job.data)
