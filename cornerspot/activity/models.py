"""The timeline of every record."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from cornerspot.db.base import one_of
from cornerspot.kit import clock
from cornerspot.tenancy.owned import TenantOwned, tenant_index


class ActivityEntry(TenantOwned):
    """Something that happened to a record, or a note about it.

    ``subject_type`` and ``subject_id`` name the record (an account, a deal, an
    invoice …); no foreign key, because the timeline outlives a purged record.
    """

    __tablename__ = "activity_entries"
    __table_args__ = (
        one_of("kind", ("event", "note")),
        one_of("actor_kind", ("teammate", "portal_user", "customer", "operator", "system")),
        tenant_index("ix_activity_entries_subject", "subject_type", "subject_id", "happened_at", "id"),
        tenant_index("ix_activity_entries_recent", "happened_at", "id"),
    )

    subject_type: Mapped[str]
    subject_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(default="event")
    event: Mapped[str] = mapped_column(default="")  # "finalized", "stage_changed"; empty for notes
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    body: Mapped[str] = mapped_column(default="")
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str] = mapped_column(default="")
    happened_at: Mapped[datetime] = mapped_column(default=clock.now)
    edited_at: Mapped[datetime | None]

    @property
    def author(self) -> str:
        """Who did it; empty for what happened by itself."""
        return "" if self.actor_kind == "system" else self.actor_name
