"""Keeping the queue's own tables small."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete

from cornerspot.db import session
from cornerspot.jobs.models import JobReceipt
from cornerspot.jobs.registry import task
from cornerspot.kit import clock

KEPT = timedelta(days=14)  # Longer than any job is retried.


@task("jobs.forget_receipts")
def forget_receipts() -> None:
    """Receipts of jobs that nobody can run again are gone."""
    session.execute(delete(JobReceipt).where(JobReceipt.created_at < clock.now() - KEPT))
