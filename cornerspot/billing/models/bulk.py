"""Work on many invoices at once, as the worker does it: what was asked, how far it is, what came of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cornerspot.db.base import one_of
from cornerspot.documents.models import StoredFile
from cornerspot.kit import clock
from cornerspot.tenancy.owned import TenantOwned, tenant_fk, tenant_index, tenant_relationship, tenant_unique

# An invoice takes seconds at most; the first tries again after an error come within two minutes.
STOPPED_AFTER = timedelta(minutes=3)


class BulkAction(StrEnum):
    DELETE = "delete"
    FINALIZE = "finalize"
    SEND = "send"
    PDFS = "pdfs"
    EXPORT = "export"


class BulkRun(TenantOwned):
    """One action on many invoices, by one teammate.

    ``invoice_ids`` are those chosen, or None where ``wanted`` (a filter) says which.
    ``done_count`` and ``left_count`` are what was handled so far; ``left`` tells why
    each of the latter was left alone: ``{"id", "name", "reason"}``. ``request_key``
    makes a second click harmless. ``moved_at`` is when the worker last got any further.
    """

    __tablename__ = "bulk_runs"
    __table_args__ = (
        tenant_fk("memberships", "started_by"),
        tenant_fk("stored_files", "file_id"),
        tenant_unique("request_key"),
        one_of("action", BulkAction),
        CheckConstraint("done_count >= 0 AND left_count >= 0", name="counts_not_negative"),
        tenant_index("ix_bulk_runs_recent", "created_at"),
        tenant_index("ix_bulk_runs_file_id", "file_id"),
    )

    action: Mapped[str]
    request_key: Mapped[str]
    invoice_ids: Mapped[list[Any] | None]
    wanted: Mapped[dict[str, Any]] = mapped_column(default=dict)
    total_count: Mapped[int | None]  # None where nobody counted
    done_count: Mapped[int] = mapped_column(default=0)
    left_count: Mapped[int] = mapped_column(default=0)
    left: Mapped[list[Any]] = mapped_column(default=list)
    file_id: Mapped[UUID | None]
    started_by: Mapped[UUID]
    moved_at: Mapped[datetime] = mapped_column(default=clock.now)
    tries: Mapped[int] = mapped_column(default=0)  # of the invoice that is next
    finished_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(default="")
    file: Mapped[StoredFile | None] = tenant_relationship("BulkRun", "StoredFile", "file_id")

    def has_stopped(self, now: datetime) -> bool:
        """Whether the worker should have got further by now: it is down, or gave the job up."""
        return self.finished_at is None and now - self.moved_at > STOPPED_AFTER

    @property
    def handled_count(self) -> int:
        return self.done_count + self.left_count
