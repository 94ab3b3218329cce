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
from cornerspot.kit import clock
from cornerspot.people.models import Membership
from cornerspot.tenancy.owned import TenantOwned, reference_index, tenant_fk, tenant_index, tenant_relationship


class ConversionStatus(StrEnum):
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    UNDONE = "undone"


class Step(StrEnum):
    """The steps of the wizard, in order; ``done`` once it ran."""

    CONFIRM = "confirm"
    PORTAL_USERS = "portal_users"
    BILLING = "billing"
    REVIEW = "review"
    DONE = "done"


class Conversion(TenantOwned):
    """Mark Won + Convert for one deal, from the first step to what it created.

    ``step`` is the furthest step that was reached. ``answers`` holds what was
    entered, by step. ``acknowledged_plan`` is the digest of the plan that was
    shown and ticked at Confirm: Run refuses when the deal's plan is another one
    by then. ``held_by`` is the teammate who fills the wizard in; another one
    takes it over first. ``version`` counts what was saved.
    """

    __tablename__ = "conversions"
    __table_args__ = (
        tenant_fk("deals", "deal_id"),
        tenant_fk("memberships", "started_by"),
        tenant_fk("memberships", "held_by"),
        tenant_fk("memberships", "completed_by"),
        # A draft that is purged from the Trash leaves the summary of what it was.
        tenant_fk("invoices", "invoice_id", ondelete="SET NULL (invoice_id)"),
        one_of("status", ConversionStatus),
        one_of("step", Step),
        CheckConstraint("(status = 'in_progress') = (completed_at IS NULL)", name="completed_fits_status"),
        CheckConstraint("(status = 'in_progress') = (step <> 'done')", name="step_fits_status"),
        # One wizard under way per deal; it can be resumed on another device.
        Index(
            "uq_conversions_in_progress",
            "tenant_id",
            "deal_id",
            unique=True,
            postgresql_where="status = 'in_progress'",
        ),
        tenant_index("ix_conversions_deal_id", "deal_id", "created_at"),
        reference_index("conversions", "invoice_id"),
    )

    deal_id: Mapped[UUID]
    status: Mapped[str] = mapped_column(default=ConversionStatus.IN_PROGRESS)
    step: Mapped[str] = mapped_column(default=Step.CONFIRM)
    started_by: Mapped[UUID | None]
    held_by: Mapped[UUID | None]
    held_at: Mapped[datetime] = mapped_column(default=clock.now)
    answers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    acknowledged_plan: Mapped[str] = mapped_column(default="")
    invoice_id: Mapped[UUID | None]
    completed_at: Mapped[datetime | None]
    completed_by: Mapped[UUID | None]
    summary: Mapped[dict[str, Any]] = mapped_column(default=dict)
    version: Mapped[int] = mapped_column(default=1)
    deal: Mapped[Deal] = tenant_relationship("Conversion", "Deal", "deal_id")
    invoice: Mapped[Invoice | None] = tenant_relationship("Conversion", "Invoice", "invoice_id")
    holder: Mapped[Membership | None] = tenant_relationship("Conversion", "Membership", "held_by", viewonly=True)

    # Not a column: whether it was this very call that ran it, and not an earlier one.
    just_completed = False

    @property
    def is_in_progress(self) -> bool:
        return self.status == ConversionStatus.IN_PROGRESS

    def is_held_by_another(self, membership_id: UUID | None) -> bool:
        """Whether a teammate other than this one is filling the wizard in."""
        return self.held_by is not None and self.held_by != membership_id

    def answer(self, step: Step, answers: dict[str, Any], *, by: UUID | None, finished: bool = True) -> None:
        """Have these answers for a step; once it is finished, the step after it is reached.

        The version counts changes only: a review stays good when the same is saved again.
        """
        steps = list(Step)
        reached = steps[steps.index(step) + finished]
        self.step = max(Step(self.step), reached, key=steps.index)
        self.held_by, self.held_at = by, clock.now()
        if self.answers.get(step.value) != answers:
            self.answers, self.version = self.answers | {step.value: answers}, self.version + 1

    def hand_to(self, membership_id: UUID | None) -> None:
        """Be filled in by another teammate from now on."""
        self.held_by, self.held_at, self.version = membership_id, clock.now(), self.version + 1

    def complete(self, *, invoice_id: UUID, by: UUID | None, summary: dict[str, Any]) -> None:
        """Have created this invoice; nothing of it changes any more."""
        self.status, self.step, self.completed_at = ConversionStatus.COMPLETED, Step.DONE, clock.now()
        self.invoice_id, self.completed_by, self.summary = invoice_id, by, summary
        self.version += 1
        self.just_completed = True

    def undo(self) -> None:
        """Be taken back: what it created is gone."""
        self.status, self.version = ConversionStatus.UNDONE, self.version + 1
