"""Telling the worker something, in the caller's own transaction.

What is rolled back was never said; what is committed cannot be lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from cornerspot.db import session
from cornerspot.jobs import queue
from cornerspot.jobs.payload import encode, plain
from cornerspot.jobs.registry import job_kind, reactions_to
from cornerspot.tenancy.context import current_scope


def publish(event: Any) -> None:
    """Have every reaction to the event run once this transaction has committed: one statement."""
    insert_jobs(jobs_of(event))


def jobs_of(event: Any) -> list[queue.NewJob]:
    """A job for every reaction to the event, not written yet."""
    data = encode(event)
    return [queue.NewJob(kind.name, _team_id(), data, event=type(event).__name__) for kind in reactions_to(event)]


def enqueue(task_name: str, *, at: datetime | None = None, **arguments: Any) -> None:
    """Have a task run for the team of this scope once this transaction has committed.

    Not before ``at``, if given. Raises UnknownJob, and TypeError for an argument
    that is no plain value.
    """
    insert_jobs([job_of(task_name, at=at, **arguments)])


def job_of(task_name: str, *, at: datetime | None = None, **arguments: Any) -> queue.NewJob:
    """The job that ``enqueue`` writes, not written yet."""
    job_kind(task_name)
    return queue.NewJob(task_name, _team_id(), _plain(arguments), at=at)


def enqueue_for_teams(task_name: str, team_ids: Iterable[UUID]) -> None:
    """Have a task without arguments run once for each team."""
    job_kind(task_name)
    insert_jobs(queue.NewJob(task_name, team_id, {}) for team_id in team_ids)


def insert_jobs(jobs: Iterable[queue.NewJob]) -> None:
    """The worker runs these jobs once this transaction has committed: one statement."""
    wanted = list(jobs)
    if wanted:
        connection = session.connection().connection.driver_connection
        queue.insert(wanted, connection)


def _team_id() -> UUID | None:
    scope = current_scope()
    return scope.team.id if scope and scope.team else None


def _plain(arguments: dict[str, Any]) -> dict[str, Any]:
    return {name: plain(value) for name, value in arguments.items()}
