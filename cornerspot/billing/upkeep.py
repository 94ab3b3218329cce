"""What the worker does for billing at night."""

from __future__ import annotations

from cornerspot.billing.deleting import purge_deleted_invoices
from cornerspot.jobs.registry import task


@task("billing.purge_deleted_invoices")
def purge() -> None:
    """Drafts that were in the Trash for 30 days are gone."""
    purge_deleted_invoices()
