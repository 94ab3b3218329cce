"""What a team has of the plan catalog: its plan, exceptions from it, and its own switches."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cornerspot.kit import clock
from cornerspot.tenancy.owned import TenantOwned, tenant_fk, tenant_unique


class TeamPlan(TenantOwned):
    """The plan version a team is on, and its trial. One row per team; locked where a limit is used up."""

    __tablename__ = "team_plans"
    __table_args__ = (
        tenant_unique(),
        CheckConstraint("(trial_plan_key IS NULL) = (trial_ends_at IS NULL)", name="trial_whole"),
    )

    plan_key: Mapped[str]  # names one version for ever, such as free_v1
    started_at: Mapped[datetime] = mapped_column(default=clock.now)
    trial_plan_key: Mapped[str | None]
    trial_ends_at: Mapped[datetime | None]
    next_plan_key: Mapped[str | None]  # a downgrade that waits for the period's end
    next_plan_at: Mapped[datetime | None]


class PlanOverride(TenantOwned):
    """An operator's exception: a feature on or off, or a limit's size, until a date, with a reason."""

    __tablename__ = "plan_overrides"
    __table_args__ = (
        CheckConstraint("(feature IS NULL) <> (limit_name IS NULL)", name="one_subject"),
        CheckConstraint("(feature IS NULL) = (granted IS NULL)", name="feature_granted"),
        CheckConstraint("reason <> ''", name="reason_given"),
    )

    feature: Mapped[str | None]
    granted: Mapped[bool | None]
    limit_name: Mapped[str | None]
    limit_size: Mapped[int | None]  # None means without limit
    ends_at: Mapped[datetime | None]
    reason: Mapped[str]


class FeatureSwitch(TenantOwned):
    """A feature that the team's own admin switched off."""

    __tablename__ = "feature_switches"
    __table_args__ = (tenant_unique("feature"), tenant_fk("memberships", "switched_off_by"))

    feature: Mapped[str]
    switched_off_at: Mapped[datetime] = mapped_column(default=clock.now)
    switched_off_by: Mapped[UUID | None]
