"""What the worker does for billing at night."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from cornerspot.billing.deleting import purge_deleted_invoices
from cornerspot.billing.models import BulkRun
from cornerspot.db import session
from cornerspot.documents.files import forget_file
from cornerspot.jobs.registry import task
from cornerspot.kit import clock

FILES_KEPT = timedelta(days=7)


@task("billing.purge_deleted_invoices")
def purge() -> None:
    """Drafts that were in the Trash for 30 days are gone."""
    purge_deleted_invoices()


@task("billing.forget_bulk_files")
def forget_bulk_files() -> None:
    """Files that were made of many invoices are gone after seven days."""
    old = select(BulkRun).where(BulkRun.finished_at < clock.now() - FILES_KEPT, BulkRun.file_id.is_not(None))
    for run in session.scalars(old.options(joinedload(BulkRun.file))).all():
        stored, run.file_id = run.file, None
        session.flush()
        if stored is not None:
            forget_file(stored)
