"""Dead jobs: what failed on every try, for an operator to see and to send round again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from cornerspot.db import session
from cornerspot.kit.errors import Conflict, NotFound

_DEAD = """
    SELECT job.id, job.task_name, job.args, job.attempts,
        (SELECT max(at) FROM procrastinate_events event
         WHERE event.job_id = job.id AND event.type = 'failed') AS failed_at
    FROM procrastinate_jobs job WHERE job.status = 'failed' ORDER BY job.id DESC LIMIT :limit
"""
_COUNTS = "SELECT status::text AS status, count(*) AS count FROM procrastinate_jobs GROUP BY status"
_RETRY = "SELECT procrastinate_retry_job_v2(:id, now(), NULL, NULL, NULL)"
# Tries start again at the first, and the worker listens for this channel.
_FRESH = "UPDATE procrastinate_jobs SET attempts = 0 WHERE id = :id"
_WAKE = "SELECT pg_notify('procrastinate_any_queue_v1', json_build_object('type', 'job_inserted', 'job_id', :id)::text)"


@dataclass(frozen=True)
class DeadJob:
    """A job that needs a person."""

    id: int
    name: str
    team_id: str | None
    data: dict[str, Any]
    tries: int
    failed_at: datetime | None


def list_dead_jobs(limit: int = 100) -> list[DeadJob]:
    """The newest dead jobs of all teams, for operators."""
    rows = session.execute(text(_DEAD), {"limit": limit})
    return [
        DeadJob(row.id, row.task_name, row.args.get("team"), row.args.get("data", {}), row.attempts, row.failed_at)
        for row in rows
    ]


def retry_job(job_id: int) -> None:
    """A dead job waits for the worker again, with all its tries; raises NotFound, Conflict."""
    status = session.execute(
        text("SELECT status::text FROM procrastinate_jobs WHERE id = :id FOR UPDATE"), {"id": job_id}
    ).scalar()
    if status is None:
        raise NotFound("There is no such job. Jobs that succeed are removed.")
    if status != "failed":
        raise Conflict("This job has not failed, so there is nothing to retry.")
    for statement in (_RETRY, _FRESH, _WAKE):
        session.execute(text(statement), {"id": job_id})


def count_jobs() -> dict[str, int]:
    """How many jobs wait (``todo``), run (``doing``) and are dead (``failed``)."""
    return {status: int(count) for status, count in session.execute(text(_COUNTS))}
