"""Outgoing mail: a row first, then the worker hands it to the mail server."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from cornerspot.db.base import one_of
from cornerspot.tenancy.owned import TenantOwned, tenant_fk, tenant_index, tenant_unique


class OutgoingMessage(TenantOwned):
    """A message of a team to one recipient; ``dedupe_key`` makes writing it twice harmless.

    ``subject_type`` and ``subject_id`` name the record it is about (an invoice,
    an invitation), whose page shows its state.
    """

    __tablename__ = "outgoing_messages"
    __table_args__ = (
        tenant_unique("dedupe_key"),
        one_of("status", ("queued", "accepted", "bounced", "failed")),
        tenant_index("ix_outgoing_messages_subject", "subject_type", "subject_id", "created_at"),
        tenant_fk("stored_files", "attachment_id"),
    )

    dedupe_key: Mapped[str]
    purpose: Mapped[str]  # "invoice", "reminder", "invitation" …
    subject_type: Mapped[str] = mapped_column(default="")
    subject_id: Mapped[UUID | None]
    recipient: Mapped[str]
    recipient_name: Mapped[str] = mapped_column(default="")
    sender_name: Mapped[str] = mapped_column(default="")
    reply_to: Mapped[str] = mapped_column(default="")
    subject_line: Mapped[str]
    text_body: Mapped[str]
    html_body: Mapped[str] = mapped_column(default="")
    attachment_id: Mapped[UUID | None]
    attachment_name: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(default="queued")
    accepted_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(default="")
    tries: Mapped[int] = mapped_column(default=0)
