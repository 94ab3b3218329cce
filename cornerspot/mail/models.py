"""Outgoing mail: a row first, then the worker hands it to the mail server."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from cornerspot.db.base import GlobalModel, one_of
from cornerspot.tenancy.owned import TenantOwned, reference_index, tenant_fk, tenant_index, tenant_unique

UNDELIVERED = ("bounced", "failed")
DEFAULT_ACCENT = "#3650df"


class OutgoingMessage(TenantOwned):
    """A message of a team to one recipient; ``dedupe_key`` makes writing it twice harmless.

    The rows of one ``mailing_id`` are one message to several people: each has a state
    of its own, and all of them show the same To and Cc. ``subject_type`` and
    ``subject_id`` name the record it is about (an invoice, an invitation), whose page
    shows its state. ``round`` counts how often a person had it sent again.
    """

    __tablename__ = "outgoing_messages"
    __table_args__ = (
        tenant_unique("dedupe_key"),
        one_of("status", ("queued", "accepted", *UNDELIVERED, "withdrawn")),
        one_of("kind", ("to", "cc")),
        CheckConstraint("(status = 'bounced') = (bounced_at IS NOT NULL)", name="bounced_fits_status"),
        CheckConstraint("(status = 'failed') = (failed_at IS NOT NULL)", name="failed_fits_status"),
        CheckConstraint("(status = 'withdrawn') = (withdrawn_at IS NOT NULL)", name="withdrawn_fits_status"),
        tenant_index("ix_outgoing_messages_subject", "subject_type", "subject_id", "created_at"),
        tenant_index("ix_outgoing_messages_mailing_id", "mailing_id"),
        reference_index("outgoing_messages", "attachment_id"),
        reference_index("outgoing_messages", "logo_file_id"),
        Index(
            "ix_outgoing_messages_undelivered",
            "tenant_id",
            "created_at",
            "id",
            postgresql_where="status IN ('bounced', 'failed') AND dismissed_at IS NULL",
        ),
        tenant_fk("stored_files", "attachment_id"),
        tenant_fk("stored_files", "logo_file_id"),
    )

    mailing_id: Mapped[UUID]
    dedupe_key: Mapped[str]
    purpose: Mapped[str]  # "invoice", "reminder", "invitation" …
    subject_type: Mapped[str] = mapped_column(default="")
    subject_id: Mapped[UUID | None]
    kind: Mapped[str] = mapped_column(default="to")
    recipient: Mapped[str]
    recipient_name: Mapped[str] = mapped_column(default="")
    sender_name: Mapped[str] = mapped_column(default="")
    reply_to: Mapped[str] = mapped_column(default="")
    subject_line: Mapped[str]
    text_body: Mapped[str]
    html_body: Mapped[str] = mapped_column(default="")
    logo_file_id: Mapped[UUID | None]  # shown by the HTML as cid:logo
    attachment_id: Mapped[UUID | None]
    attachment_name: Mapped[str] = mapped_column(default="")
    actor_kind: Mapped[str] = mapped_column(default="system")  # who had it sent
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(default="queued")
    accepted_at: Mapped[datetime | None]
    bounced_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    dismissed_at: Mapped[datetime | None]
    next_try_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(default="")
    tries: Mapped[int] = mapped_column(default=0)
    round: Mapped[int] = mapped_column(default=0)

    def accept(self, at: datetime) -> None:
        """Be with the mail server, which has taken it over."""
        self._become("accepted", at, "")
        self.accepted_at = at

    def fail(self, at: datetime, answer: str) -> None:
        """Be given up, with what the mail server said last."""
        self._become("failed", at, answer)

    def bounce(self, at: datetime, answer: str) -> None:
        """Be sent back by a mail server further on, with what it said."""
        self._become("bounced", at, answer)

    def withdraw(self, at: datetime, reason: str) -> None:
        """Not be sent any more, because what it says stopped being true before it went out."""
        self._become("withdrawn", at, reason)

    def requeue(self) -> None:
        """Wait to be sent once more, as if it were new."""
        self._become("queued", None, "")
        self.tries, self.round, self.accepted_at, self.dismissed_at = 0, self.round + 1, None, None

    def _become(self, status: str, at: datetime | None, answer: str) -> None:
        self.status, self.error, self.next_try_at = status, answer, None
        self.bounced_at = at if status == "bounced" else None
        self.failed_at = at if status == "failed" else None
        self.withdrawn_at = at if status == "withdrawn" else None


class MailSettings(TenantOwned):
    """Under which name and colour a team's mail goes out, and where answers go. A row once it was saved."""

    __tablename__ = "mail_settings"
    __table_args__ = (tenant_unique(), CheckConstraint("accent ~ '^#[0-9a-f]{6}$'", name="accent_form"))

    sender_name: Mapped[str] = mapped_column(default="")  # empty: the team's name
    reply_to: Mapped[str] = mapped_column(default="")
    accent: Mapped[str] = mapped_column(default=DEFAULT_ACCENT)  # the team's one colour, of its portal too
    version: Mapped[int] = mapped_column(default=0)


class MailRoute(GlobalModel):
    """Which team a message was sent for, so that a report about it finds its way; ``id`` is the message's."""

    __tablename__ = "mail_routes"

    team_id: Mapped[UUID] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
