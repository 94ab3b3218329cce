"""Invoice numbers and the billing settings of a team."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cornerspot.tenancy.owned import TenantOwned, tenant_fk, tenant_unique


class NumberSeries(TenantOwned):
    """The counter of one series; the row is locked last, for as short as possible.

    ``period`` is "" for a series that never restarts, or the year.
    """

    __tablename__ = "number_series"
    __table_args__ = (
        tenant_unique("kind", "period"),
        CheckConstraint("last_value >= 0", name="last_value_not_negative"),
    )

    kind: Mapped[str] = mapped_column(default="invoice")
    period: Mapped[str] = mapped_column(default="")
    last_value: Mapped[int] = mapped_column(default=0)
    last_issued_on: Mapped[date | None]


class BillingSettings(TenantOwned):
    """How a team writes invoices. One row per team."""

    __tablename__ = "billing_settings"
    __table_args__ = (
        tenant_unique(),
        tenant_fk("stored_files", "logo_file_id"),
        CheckConstraint("default_terms_days BETWEEN 0 AND 365", name="terms_range"),
        CheckConstraint("least_part_percent BETWEEN 1 AND 100", name="least_part_range"),
    )

    number_pattern: Mapped[str] = mapped_column(default="INV-{seq:06}")
    restart_yearly: Mapped[bool] = mapped_column(default=False)
    default_terms_days: Mapped[int] = mapped_column(default=30)
    default_notes: Mapped[str] = mapped_column(default="")
    default_terms_text: Mapped[str] = mapped_column(default="")
    payment_instructions: Mapped[str] = mapped_column(default="")
    footer: Mapped[str] = mapped_column(default="")
    logo_file_id: Mapped[UUID | None]
    part_payments: Mapped[bool] = mapped_column(default=False)  # whether a customer may pay a part online
    least_part_percent: Mapped[int] = mapped_column(default=10)  # the smallest part, of what is due
    version: Mapped[int] = mapped_column(default=1)
