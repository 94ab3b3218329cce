"""Accounts, contacts, pipelines and deals."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CHAR, BigInteger, CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column, validates

from cornerspot.catalog.models import Frequency, PricedDocument, PricedLine, amounts_add_up
from cornerspot.db.base import SearchText, one_of
from cornerspot.kit import clock
from cornerspot.kit.searching import search_form
from cornerspot.people.models import Membership
from cornerspot.tenancy.owned import (
    TenantOwned,
    reference_index,
    tenant_collection,
    tenant_fk,
    tenant_index,
    tenant_relationship,
    tenant_unique,
    words_index,
)


class StageClass(StrEnum):
    """Whether deals in a stage are still being worked on."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


class Account(TenantOwned):
    """A company that the team sells to; "Customer" on invoices. Addresses are maps of
    ``street, postal_code, city, region, country``."""

    __tablename__ = "accounts"
    __table_args__ = (
        tenant_fk("memberships", "owner_id"),
        CheckConstraint("terms_days BETWEEN 0 AND 365", name="terms_range"),
        tenant_index("ix_accounts_name", "search_name", "id"),
        words_index("ix_accounts_words", "search_name"),
    )

    name: Mapped[str]
    search_name: Mapped[str] = mapped_column(SearchText)
    legal_name: Mapped[str] = mapped_column(default="")
    billing_email: Mapped[str] = mapped_column(default="")
    billing_address: Mapped[dict[str, Any]] = mapped_column(default=dict)
    shipping_address: Mapped[dict[str, Any]] = mapped_column(default=dict)
    tax_id: Mapped[str] = mapped_column(default="")
    currency: Mapped[str | None] = mapped_column(CHAR(3))  # None means the team's
    terms_days: Mapped[int | None]  # None means the team's default
    locale: Mapped[str] = mapped_column(default="")
    website: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    owner_id: Mapped[UUID | None]
    tags: Mapped[list[Any]] = mapped_column(default=list)
    notes: Mapped[str] = mapped_column(default="")
    archived_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    owner: Mapped[Membership | None] = tenant_relationship("Account", "Membership", "owner_id")
    contacts: Mapped[list[Contact]] = tenant_collection(
        "Account", "Contact", "account_id", order_by="Contact.search_name", viewonly=True
    )

    @validates("name")
    def _keep_search_name(self, _: str, name: str) -> str:
        self.search_name = search_form(name)
        return name


class Contact(TenantOwned):
    """A person at an account."""

    __tablename__ = "contacts"
    __table_args__ = (
        tenant_fk("accounts", "account_id"),
        tenant_fk("memberships", "owner_id"),
        tenant_index("ix_contacts_name", "search_name", "id"),
        tenant_index("ix_contacts_first_name", "search_first_name"),
        tenant_index("ix_contacts_account_id", "account_id"),
        tenant_index("ix_contacts_email", "email"),
    )

    first_name: Mapped[str] = mapped_column(default="")
    last_name: Mapped[str] = mapped_column(default="")
    search_name: Mapped[str] = mapped_column(SearchText, default="")  # last name first, as lists are sorted
    search_first_name: Mapped[str] = mapped_column(SearchText, default="")
    email: Mapped[str] = mapped_column(SearchText, default="")
    phone: Mapped[str] = mapped_column(default="")
    job_title: Mapped[str] = mapped_column(default="")
    account_id: Mapped[UUID | None]
    owner_id: Mapped[UUID | None]
    tags: Mapped[list[Any]] = mapped_column(default=list)
    archived_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    account: Mapped[Account | None] = tenant_relationship("Contact", "Account", "account_id")
    owner: Mapped[Membership | None] = tenant_relationship("Contact", "Membership", "owner_id")

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.email

    @validates("first_name", "last_name")
    def _keep_search_names(self, key: str, value: str) -> str:
        first = value if key == "first_name" else self.first_name or ""
        last = value if key == "last_name" else self.last_name or ""
        self.search_name, self.search_first_name = search_form(f"{last} {first}"), search_form(first)
        return value


class Pipeline(TenantOwned):
    """An ordered list of stages that deals pass."""

    __tablename__ = "pipelines"
    __table_args__ = (tenant_unique("position"),)

    name: Mapped[str]
    position: Mapped[int] = mapped_column(default=0)
    stages: Mapped[list[Stage]] = tenant_collection(
        "Pipeline", "Stage", "pipeline_id", order_by="Stage.position", viewonly=True
    )


class Stage(TenantOwned):
    """A step of a pipeline; ``probability`` in percent."""

    __tablename__ = "stages"
    __table_args__ = (
        tenant_fk("pipelines", "pipeline_id"),
        tenant_unique("pipeline_id", "position"),
        one_of("stage_class", StageClass),
        CheckConstraint("probability BETWEEN 0 AND 100", name="probability_range"),
    )

    pipeline_id: Mapped[UUID]
    name: Mapped[str]
    position: Mapped[int]
    stage_class: Mapped[str] = mapped_column(default=StageClass.OPEN)
    probability: Mapped[int] = mapped_column(default=0)


class Deal(PricedDocument, TenantOwned):
    """A sale in the making. ``total_minor`` comes from its lines; ``value_minor`` is that
    total, or what was typed in while there are no lines."""

    __tablename__ = "deals"
    __table_args__ = (
        tenant_fk("accounts", "account_id"),
        tenant_fk("contacts", "contact_id"),
        tenant_fk("pipelines", "pipeline_id"),
        tenant_fk("stages", "stage_id"),
        tenant_fk("memberships", "owner_id"),
        amounts_add_up(),
        CheckConstraint("value_minor >= 0", name="value_not_negative"),
        tenant_index("ix_deals_stage_id", "stage_id", "board_position"),
        tenant_index("ix_deals_account_id", "account_id"),
        reference_index("deals", "contact_id"),
        tenant_index("ix_deals_recent", "created_at", "id"),
        tenant_index("ix_deals_name", "search_name", "id"),
    )

    name: Mapped[str]
    search_name: Mapped[str] = mapped_column(SearchText)
    account_id: Mapped[UUID | None]
    contact_id: Mapped[UUID | None]
    pipeline_id: Mapped[UUID]
    stage_id: Mapped[UUID]
    stage_entered_at: Mapped[datetime] = mapped_column(default=clock.now)
    board_position: Mapped[int] = mapped_column(BigInteger, default=0)
    value_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    expected_close_on: Mapped[date | None]
    closed_on: Mapped[date | None]
    owner_id: Mapped[UUID | None]
    source: Mapped[str] = mapped_column(default="")
    lost_reason: Mapped[str] = mapped_column(default="")
    archived_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    account: Mapped[Account | None] = tenant_relationship("Deal", "Account", "account_id")
    contact: Mapped[Contact | None] = tenant_relationship("Deal", "Contact", "contact_id")
    stage: Mapped[Stage] = tenant_relationship("Deal", "Stage", "stage_id")
    pipeline: Mapped[Pipeline] = tenant_relationship("Deal", "Pipeline", "pipeline_id")
    owner: Mapped[Membership | None] = tenant_relationship("Deal", "Membership", "owner_id")
    lines: Mapped[list[DealLine]] = tenant_collection(
        "Deal", "DealLine", "deal_id", order_by="DealLine.position", cascade="all, delete-orphan"
    )

    @validates("name")
    def _keep_search_name(self, _: str, name: str) -> str:
        self.search_name = search_form(name)
        return name


class DealLine(PricedLine, TenantOwned):
    """One thing sold in a deal, once or regularly."""

    __tablename__ = "deal_lines"
    __table_args__ = (
        tenant_fk("deals", "deal_id", ondelete="CASCADE"),
        tenant_fk("products", "product_id"),
        one_of("frequency", Frequency),
        Index("ix_deal_lines_deal_id", "tenant_id", "deal_id", "position"),
    )

    deal_id: Mapped[UUID]
    frequency: Mapped[str | None]
    term_months: Mapped[int | None]

    @property
    def is_recurring(self) -> bool:
        return self.frequency is not None
