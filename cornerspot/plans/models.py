"""What a team has of the plan catalog: its plan, exceptions from it, and its own switches."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cornerspot.kit import clock
from cornerspot.tenancy.owned import TenantOwned, tenant_fk, tenant_unique


class TeamPlan(TenantOwned):
    """The plan version a team is on, and its trial. One row per team; locked where a limit is used up.

    ``plan_key`` is what an operator assigned; on the free plan, what the team bought counts. The
    ``bought_…`` columns are our copy of its subscription at the processor: see ``plans.syncing``.
    """

    __tablename__ = "team_plans"
    __table_args__ = (
        tenant_unique(),
        CheckConstraint("(trial_plan_key IS NULL) = (trial_ends_at IS NULL)", name="trial_whole"),
        CheckConstraint("(next_plan_key IS NULL) = (next_plan_at IS NULL)", name="next_plan_whole"),
        CheckConstraint("(requested_plan_key IS NULL) = (requested_at IS NULL)", name="request_whole"),
        CheckConstraint("(bought_id IS NULL) = (bought_status IS NULL)", name="bought_whole"),
        CheckConstraint("bought_id IS NULL OR customer_id IS NOT NULL", name="bought_by_customer"),
    )

    plan_key: Mapped[str]  # names one version for ever, such as free_v1
    started_at: Mapped[datetime] = mapped_column(default=clock.now)
    trial_plan_key: Mapped[str | None]
    trial_ends_at: Mapped[datetime | None]
    next_plan_key: Mapped[str | None]  # a downgrade that waits for the period's end
    next_plan_at: Mapped[datetime | None]
    requested_plan_key: Mapped[str | None]  # what the owner asked the operators for
    requested_at: Mapped[datetime | None]
    customer_id: Mapped[str | None]  # the team as a customer of the installation's own account
    checkout_id: Mapped[str | None]  # the payment page that was opened last
    bought_id: Mapped[str | None]
    bought_status: Mapped[str | None]  # the processor's word; an unknown one gives nothing
    bought_plan_key: Mapped[str | None]  # None: a price that is no plan of ours
    bought_next_plan_key: Mapped[str | None]  # what it renews as, when that is another plan
    bought_until: Mapped[datetime | None]  # the end of the running period
    bought_ends: Mapped[bool] = mapped_column(default=False)  # with the running period
    past_due_since: Mapped[datetime | None]
    bought_extra: Mapped[int] = mapped_column(default=0)  # further subscriptions that run, which should be none
    bought_version: Mapped[int] = mapped_column(default=0)  # counts the copies made

    def move_to(self, plan_key: str, *, at: datetime) -> None:
        """Be on a plan since a moment; whatever waited is settled by that."""
        self.plan_key, self.started_at = plan_key, at
        self.wait_for(None, at=None)
        self.request(None, at=None)

    def wait_for(self, plan_key: str | None, *, at: datetime | None) -> None:
        """Change to a plan at a later moment, or (None) stay."""
        self.next_plan_key, self.next_plan_at = plan_key, at

    def request(self, plan_key: str | None, *, at: datetime | None) -> None:
        """Ask the operators for a plan, or (None) take the request back."""
        self.requested_plan_key, self.requested_at = plan_key, at

    def forget_bought(self) -> None:
        """Have bought nothing."""
        self.bought_id = self.bought_status = self.bought_plan_key = self.bought_next_plan_key = None
        self.bought_until = self.past_due_since = None
        self.bought_ends, self.bought_extra = False, 0

    def end_trial(self) -> None:
        """Have no trial any more."""
        self.trial_plan_key = self.trial_ends_at = None


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
