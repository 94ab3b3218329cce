"""What a team sells, the taxes it charges and the discounts it gives.

Documents keep copies of all of these, so that editing the catalog changes
nothing already written.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CHAR, BigInteger, CheckConstraint, Index, Numeric
from sqlalchemy.orm import Mapped, mapped_column, validates

from cornerspot.db.base import SearchText, one_of
from cornerspot.kit.searching import search_form
from cornerspot.tenancy.owned import TenantOwned, tenant_index

UNIT_PRICE = Numeric(20, 6)
QUANTITY = Numeric(14, 4)
PERCENT = Numeric(9, 6)


class Frequency(StrEnum):
    """How often a recurring product is billed."""

    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    SEMI_ANNUAL = "semi_annual"
    ANNUAL = "annual"


class TaxRate(TenantOwned):
    """A tax by name and percent, such as VAT 19 %."""

    __tablename__ = "tax_rates"
    __table_args__ = (CheckConstraint("percent >= 0 AND percent <= 100", name="percent_range"),)

    name: Mapped[str]
    percent: Mapped[Decimal] = mapped_column(PERCENT)
    region: Mapped[str] = mapped_column(default="")
    description: Mapped[str] = mapped_column(default="")
    is_active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)


class Discount(TenantOwned):
    """A discount of a percentage, or of a fixed amount in one currency."""

    __tablename__ = "discounts"
    __table_args__ = (
        CheckConstraint("(percent IS NULL) <> (amount_minor IS NULL)", name="percent_or_amount"),
        CheckConstraint("(amount_minor IS NULL) = (currency IS NULL)", name="amount_has_currency"),
        CheckConstraint("percent > 0 AND percent <= 100", name="percent_range"),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
    )

    name: Mapped[str]
    percent: Mapped[Decimal | None] = mapped_column(PERCENT)
    amount_minor: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None] = mapped_column(CHAR(3))
    is_active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)


class Product(TenantOwned):
    """Something a team sells once or regularly, with its usual price, taxes and discounts.

    ``default_tax_ids`` and ``default_discount_ids`` are lists of ids as text; an
    id whose rate is gone or inactive is skipped when a line is prefilled.
    """

    __tablename__ = "products"
    __table_args__ = (
        one_of("frequency", Frequency),
        CheckConstraint("unit_price >= 0", name="price_not_negative"),
        CheckConstraint("frequency IS NOT NULL OR term_months IS NULL", name="term_is_recurring"),
        Index(
            "uq_products_code",
            "tenant_id",
            "code",
            unique=True,
            postgresql_where="code <> ''",
        ),
        tenant_index("ix_products_name", "search_name", "id"),
    )

    name: Mapped[str]
    search_name: Mapped[str] = mapped_column(SearchText)
    code: Mapped[str] = mapped_column(SearchText, default="")
    description: Mapped[str] = mapped_column(default="")
    unit_price: Mapped[Decimal] = mapped_column(UNIT_PRICE)
    currency: Mapped[str] = mapped_column(CHAR(3))
    unit: Mapped[str] = mapped_column(default="")
    frequency: Mapped[str | None]  # None sells once
    term_months: Mapped[int | None]
    default_tax_ids: Mapped[list[Any]] = mapped_column(default=list)
    default_discount_ids: Mapped[list[Any]] = mapped_column(default=list)
    is_active: Mapped[bool] = mapped_column(default=True)
    archived_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    @property
    def is_offered(self) -> bool:
        """Whether a new line can name it."""
        return self.is_active and self.archived_at is None

    @validates("name")
    def _keep_search_name(self, _: str, name: str) -> str:
        self.search_name = search_form(name)
        return name


class PricedLine:
    """The columns that a line of a deal and a line of an invoice have in common (a mixin).

    ``discounts`` and ``taxes`` are copies: lists of ``{"key", "name", "percent"}``
    and ``{"key", "name", "percent" | "amount_minor"}`` with decimals as text.
    The three amounts are results of ``catalog.amounts``, in minor units.
    """

    position: Mapped[int]
    product_id: Mapped[UUID | None]
    description: Mapped[str]
    quantity: Mapped[Decimal] = mapped_column(QUANTITY)
    unit: Mapped[str] = mapped_column(default="")
    unit_price: Mapped[Decimal] = mapped_column(UNIT_PRICE)
    discounts: Mapped[list[Any]] = mapped_column(default=list)
    taxes: Mapped[list[Any]] = mapped_column(default=list)
    gross_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    discount_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    net_minor: Mapped[int] = mapped_column(BigInteger, default=0)


class PricedDocument:
    """The columns that a deal and an invoice have in common (a mixin); amounts in minor units."""

    currency: Mapped[str] = mapped_column(CHAR(3))
    prices_include_tax: Mapped[bool] = mapped_column(default=False)
    discounts: Mapped[list[Any]] = mapped_column(default=list)
    taxes: Mapped[list[Any]] = mapped_column(default=list)
    subtotal_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    discount_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    tax_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    total_minor: Mapped[int] = mapped_column(BigInteger, default=0)


def amounts_add_up() -> CheckConstraint:
    """Total = subtotal − discount + tax; a tax contained in the prices is not added again."""
    return CheckConstraint(
        "total_minor = subtotal_minor - discount_minor + CASE WHEN prices_include_tax THEN 0 ELSE tax_minor END",
        name="amounts_add_up",
    )
