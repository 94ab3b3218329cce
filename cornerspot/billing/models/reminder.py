"""When customers are reminded by themselves, of what they were, and who is left alone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cornerspot.tenancy.owned import TenantOwned, tenant_fk, tenant_index, tenant_unique

DEFAULT_STEPS = (-3, 0, 7, 14)  # days from the due date
DEFAULT_HOUR = 9


class ReminderSettings(TenantOwned):
    """A team's ladder: days from the due date, and the hour of the day in the team's zone.

    No row while the ladder is the one that every team starts with.
    """

    __tablename__ = "reminder_settings"
    __table_args__ = (tenant_unique(), CheckConstraint("hour BETWEEN 0 AND 23", name="hour_range"))

    enabled: Mapped[bool] = mapped_column(default=True)
    steps: Mapped[list[Any]] = mapped_column(default=lambda: list(DEFAULT_STEPS))
    hour: Mapped[int] = mapped_column(default=DEFAULT_HOUR)
    version: Mapped[int] = mapped_column(default=0)


class InvoiceReminder(TenantOwned):
    """An invoice took a step of the ladder, in which message; the unique keeps it from being taken twice."""

    __tablename__ = "invoice_reminders"
    __table_args__ = (
        tenant_fk("invoices", "invoice_id", ondelete="CASCADE"),
        tenant_unique("invoice_id", "step_days"),
        tenant_index("ix_invoice_reminders_mailing_id", "mailing_id"),
    )

    invoice_id: Mapped[UUID]
    step_days: Mapped[int]
    mailing_id: Mapped[UUID]


class ReminderPause(TenantOwned):
    """An account, or one invoice, that the ladder leaves alone."""

    __tablename__ = "reminder_pauses"
    __table_args__ = (
        tenant_fk("accounts", "account_id", ondelete="CASCADE"),
        tenant_fk("invoices", "invoice_id", ondelete="CASCADE"),
        tenant_fk("memberships", "paused_by"),
        tenant_unique("account_id"),
        tenant_unique("invoice_id"),
        CheckConstraint("num_nonnulls(account_id, invoice_id) = 1", name="of_one_thing"),
    )

    account_id: Mapped[UUID | None]
    invoice_id: Mapped[UUID | None]
    paused_by: Mapped[UUID | None]
