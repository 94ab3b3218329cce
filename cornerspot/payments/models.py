"""The team's connection to Stripe, its customers there, and the stored webhooks."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CHAR, CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cornerspot.db.base import GlobalModel, one_of
from cornerspot.kit import clock
from cornerspot.tenancy.owned import TenantOwned, tenant_fk, tenant_index, tenant_unique

EVENT_STATES = ("new", "done", "ignored", "foreign", "stuck")


class ProcessorOwner(GlobalModel):
    """Which team a Stripe account belongs to: one, for as long as it is connected.

    Global, because a Connect webhook names the account before there is a scope.
    """

    __tablename__ = "processor_owners"
    __table_args__ = (UniqueConstraint("stripe_account_id", "livemode"),)

    stripe_account_id: Mapped[str]
    livemode: Mapped[bool]
    team_id: Mapped[UUID] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))


class PlatformEvent(GlobalModel):
    """A webhook of the installation's own Stripe account: plans that teams bought, accounts nobody here has."""

    __tablename__ = "platform_events"
    __table_args__ = (
        UniqueConstraint("endpoint", "event_id"),
        one_of("endpoint", ("plans", "connect")),
        one_of("state", EVENT_STATES),
        Index("ix_platform_events_state", "state", "created_at"),
    )

    endpoint: Mapped[str]
    event_id: Mapped[str]
    type: Mapped[str]
    object_id: Mapped[str] = mapped_column(default="")
    stripe_account_id: Mapped[str] = mapped_column(default="")
    livemode: Mapped[bool]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(default="new")
    tries: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(default="")
    processed_at: Mapped[datetime | None]


class ProcessorAccount(TenantOwned):
    """A connection of the team to a Stripe account; at most one that is not disconnected.

    ``own_key``: calls use the team's restricted key. ``oauth``: they use the platform's
    key and name the account. Secrets are encrypted with ``kit.sealing``.
    """

    __tablename__ = "processor_accounts"
    __table_args__ = (
        one_of("kind", ("own_key", "oauth")),
        one_of("state", ("active", "restricted", "disconnected")),
        CheckConstraint("(state = 'disconnected') = (disconnected_at IS NOT NULL)", name="disconnected_fits_state"),
        CheckConstraint("kind <> 'own_key' OR state = 'disconnected' OR sealed_key IS NOT NULL", name="own_key_kept"),
        Index("uq_processor_accounts_live", "tenant_id", unique=True, postgresql_where="state <> 'disconnected'"),
        tenant_fk("memberships", "connected_by"),
    )

    kind: Mapped[str]
    stripe_account_id: Mapped[str]
    livemode: Mapped[bool]
    name: Mapped[str] = mapped_column(default="")
    country: Mapped[str] = mapped_column(CHAR(2))
    default_currency: Mapped[str] = mapped_column(CHAR(3))
    state: Mapped[str] = mapped_column(default="active")
    requirements: Mapped[list[Any]] = mapped_column(default=list)  # what Stripe still wants, in its words
    capabilities: Mapped[dict[str, Any]] = mapped_column(default=dict)  # Stripe's name of a method: its state
    methods: Mapped[list[Any]] = mapped_column(default=list)  # what the team offers, of what fits the currency
    sealed_key: Mapped[str | None]
    key_hint: Mapped[str] = mapped_column(default="")  # the last four characters
    webhook_endpoint_id: Mapped[str | None]
    sealed_webhook_secret: Mapped[str | None]
    sealed_previous_secret: Mapped[str | None]
    previous_secret_until: Mapped[datetime | None]
    connected_by: Mapped[UUID | None]
    connected_at: Mapped[datetime] = mapped_column(default=clock.now)
    checked_at: Mapped[datetime | None]
    disconnected_at: Mapped[datetime | None]
    disconnect_reason: Mapped[str] = mapped_column(default="")
    last_event_at: Mapped[datetime | None]
    events_cursor: Mapped[datetime | None]  # events before this were swept
    version: Mapped[int] = mapped_column(default=1)

    @property
    def is_usable(self) -> bool:
        return self.state == "active"

    def disconnect(self, reason: str) -> None:
        """Be left for good, the secrets forgotten; a new connection is a new row."""
        self.state, self.disconnected_at, self.disconnect_reason = "disconnected", clock.now(), reason
        self.sealed_key = self.sealed_webhook_secret = self.sealed_previous_secret = None


class ConnectState(TenantOwned):
    """A way to Stripe's consent page that was begun; redeemed once, by the teammate who began it."""

    __tablename__ = "connect_states"
    __table_args__ = (tenant_unique("token_digest"), tenant_fk("memberships", "begun_by"))

    token_digest: Mapped[str]
    begun_by: Mapped[UUID]
    expires_at: Mapped[datetime]
    redeemed_at: Mapped[datetime | None]


class ProcessorCustomer(TenantOwned):
    """An account of the CRM as a customer on the team's Stripe account."""

    __tablename__ = "processor_customers"
    __table_args__ = (
        tenant_fk("processor_accounts", "processor_account_id"),
        tenant_fk("accounts", "account_id"),
        tenant_unique("processor_account_id", "account_id", name="uq_processor_customers_account"),
        tenant_unique("processor_account_id", "stripe_customer_id", name="uq_processor_customers_stripe_id"),
        tenant_index("ix_processor_customers_account_id", "account_id"),
    )

    processor_account_id: Mapped[UUID]
    account_id: Mapped[UUID]
    stripe_customer_id: Mapped[str]


class StripeEvent(TenantOwned):
    """A webhook as it came, verified and stored before anything is done about it: a hint, not a fact."""

    __tablename__ = "stripe_events"
    __table_args__ = (
        tenant_fk("processor_accounts", "processor_account_id"),
        tenant_unique("processor_account_id", "event_id"),
        one_of("state", EVENT_STATES),
        one_of("source", ("webhook", "sweep")),
        tenant_index("ix_stripe_events_state", "state", "created_at"),
        tenant_index("ix_stripe_events_object_id", "object_id"),
    )

    processor_account_id: Mapped[UUID]
    event_id: Mapped[str]
    type: Mapped[str]
    object_id: Mapped[str] = mapped_column(default="")
    livemode: Mapped[bool]
    source: Mapped[str] = mapped_column(default="webhook")
    body: Mapped[bytes] = mapped_column(LargeBinary)
    happened_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default="new")
    tries: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(default="")
    processed_at: Mapped[datetime | None]
