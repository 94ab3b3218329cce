"""A run through the wizard: its saved steps, and what it created."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from cornerspot.billing.models import Invoice
from cornerspot.crm.models import Deal
from cornerspot.db.base import one_of
from cornerspot.tenancy.owned import TenantOwned, tenant_fk, tenant_index, tenant_relationship


class ConversionStatus(StrEnum):
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    ABANDONED = "abandoned"


class Conversion(TenantOwned):
    """Mark Won + Convert for one deal, from the first step to what it created.

    ``answers`` holds what was entered, by step. ``acknowledged_plan`` is the
    digest of the plan that was shown and ticked at Confirm: Run refuses when
    the deal's plan is another one by then.
    """

    __tablename__ = "conversions"
    __table_args__ = (
        tenant_fk("deals", "deal_id"),
        tenant_fk("memberships", "started_by"),
        tenant_fk("invoices", "invoice_id"),
        one_of("status", ConversionStatus),
        one_of("step", ("confirm", "portal_users", "billing", "review", "done")),
        CheckConstraint(
            "(status = 'completed') = (completed_at IS NOT NULL)", name="completed_fits_status"
        ),
        # One wizard under way per deal; it can be resumed on another device.
        Index(
            "uq_conversions_in_progress",
            "tenant_id",
            "deal_id",
            unique=True,
            postgresql_where="status = 'in_progress'",
        ),
        tenant_index("ix_conversions_deal_id", "deal_id", "created_at"),
    )

    deal_id: Mapped[UUID]
    status: Mapped[str] = mapped_column(default=ConversionStatus.IN_PROGRESS)
    step: Mapped[str] = mapped_column(default="confirm")
    started_by: Mapped[UUID | None]
    answers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    acknowledged_plan: Mapped[str] = mapped_column(default="")
    invoice_id: Mapped[UUID | None]
    completed_at: Mapped[datetime | None]
    summary: Mapped[dict[str, Any]] = mapped_column(default=dict)
    version: Mapped[int] = mapped_column(default=1)
    deal: Mapped[Deal] = tenant_relationship("Conversion", "Deal", "deal_id")
    invoice: Mapped[Invoice | None] = tenant_relationship("Conversion", "Invoice", "invoice_id")
