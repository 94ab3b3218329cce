"""Products: what a team sells, with the price and the taxes a line starts with."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select

from cornerspot.activity.recording import record
from cornerspot.catalog.amounts import UNIT_PRICE_PLACES
from cornerspot.catalog.discounts import known_discounts
from cornerspot.catalog.models import Frequency, Product
from cornerspot.catalog.tax_rates import known_tax_rates
from cornerspot.db import session
from cornerspot.db.keyset import SortKey, keyset_page
from cornerspot.db.locks import lock
from cornerspot.db.searching import begins_with
from cornerspot.db.versions import bump, require_version
from cornerspot.kit import clock
from cornerspot.kit.currency import exponent
from cornerspot.kit.errors import Invalid
from cornerspot.kit.paging import Page
from cornerspot.kit.searching import search_form
from cornerspot.people.actors import Actor
from cornerspot.people.permissions import Permission

LARGEST_UNIT_PRICE = Decimal(10) ** 12
PAGE_SIZE = 50


@dataclass(frozen=True)
class ProductInput:
    """A product as it was entered; ``unit_price`` in major units, ``frequency`` None sells once."""

    name: str
    unit_price: Decimal
    currency: str
    code: str = ""
    description: str = ""
    unit: str = ""
    frequency: str | None = None
    term_months: int | None = None
    tax_ids: tuple[UUID, ...] = ()
    discount_ids: tuple[UUID, ...] = ()
    is_active: bool = True

    def columns(self) -> dict[str, Any]:
        """The values of the product's columns."""
        return {
            "name": self.name.strip(),
            "code": self.code.strip(),
            "description": self.description,
            "unit_price": self.unit_price,
            "currency": self.currency,
            "unit": self.unit,
            "frequency": self.frequency,
            "term_months": self.term_months if self.frequency else None,
            "default_tax_ids": [str(key) for key in self.tax_ids],
            "default_discount_ids": [str(key) for key in self.discount_ids],
            "is_active": self.is_active,
        }


def create_product(entered: ProductInput, *, by: Actor) -> Product:
    """The team sells this product; raises Invalid for a taken code or a price out of range."""
    by.require(Permission.EDIT_CATALOG)
    _require_sound(entered, but=None)
    product = Product(**entered.columns())
    session.add(product)
    record(product, "created", by=by, name=product.name)
    return product


def update_product(product: Product, entered: ProductInput, *, by: Actor, seen: int | None = None) -> None:
    """The product says what was entered; documents keep their copies. Raises StaleVersion, Invalid."""
    by.require(Permission.EDIT_CATALOG)
    lock(product)
    require_version(product, seen, entered.columns())
    _require_sound(entered, but=product.id)
    for column, value in entered.columns().items():
        setattr(product, column, value)
    bump(product)
    record(product, "edited", by=by)


def archive_product(product: Product, *, by: Actor) -> None:
    """The product is no longer offered; lines that name it stay. Doing it twice is harmless."""
    by.require(Permission.EDIT_CATALOG)
    lock(product)
    if product.archived_at is None:
        product.archived_at = clock.now()
        bump(product)
        record(product, "archived", by=by)


def restore_product(product: Product, *, by: Actor) -> None:
    """The product is offered again; doing it twice is harmless."""
    by.require(Permission.EDIT_CATALOG)
    lock(product)
    if product.archived_at is not None:
        product.archived_at = None
        bump(product)
        record(product, "restored", by=by)


def named_products(product_ids: Collection[UUID]) -> dict[UUID, Product]:
    """Those of these products that the team has, archived ones too; one statement."""
    if not product_ids:
        return {}
    return {row.id: row for row in session.scalars(select(Product).where(Product.id.in_(product_ids)))}


def product_choices(search: str = "", *, limit: int = 50) -> list[Product]:
    """Products that can be chosen, by name, those whose name or code begins with the search."""
    statement = _matching(_offered(), search).order_by(Product.search_name, Product.id)
    return list(session.scalars(statement.limit(limit)))


def products_page(*, search: str = "", show: str = "active", cursor: str | None = None) -> Page[Product]:
    """A page of products by name; ``show`` is active, recurring or archived."""
    statement = _matching(_shown(select(Product), show), search)
    key = SortKey(Product.search_name, lambda row: row.search_name)
    return keyset_page(statement, Product, key, cursor=cursor, size=PAGE_SIZE)


def _offered() -> Select[Product]:
    return select(Product).where(Product.archived_at.is_(None), Product.is_active)


def _matching(statement: Select[Product], search: str) -> Select[Product]:
    if not search.strip():
        return statement
    return statement.where(
        or_(begins_with(Product.search_name, search_form(search)), begins_with(Product.code, search.strip()))
    )


def _shown(statement: Select[Product], show: str) -> Select[Product]:
    if show == "archived":
        return statement.where(Product.archived_at.is_not(None))
    statement = statement.where(Product.archived_at.is_(None))
    if show == "recurring":
        statement = statement.where(Product.frequency.is_not(None))
    return statement


def _require_sound(entered: ProductInput, *, but: UUID | None) -> None:
    if not entered.name.strip():
        raise Invalid("Enter the product's name.", field="name")
    exponent(entered.currency)
    price = entered.unit_price
    if not price.is_finite() or not 0 <= price < LARGEST_UNIT_PRICE:
        raise Invalid("Enter a price of zero or more.", field="unit_price")
    if price != round(price, UNIT_PRICE_PLACES):
        raise Invalid(f"Use at most {UNIT_PRICE_PLACES} decimals.", field="unit_price")
    if entered.frequency is not None and entered.frequency not in list(Frequency):
        raise Invalid("Choose how often it is billed.", field="frequency")
    if entered.term_months is not None and not 1 <= entered.term_months <= 120:
        raise Invalid("Enter a number of months from 1 to 120.", field="term_months")
    known_tax_rates(entered.tax_ids)
    known_discounts(entered.discount_ids)
    _require_free_code(entered.code.strip(), but=but)


def _require_free_code(code: str, *, but: UUID | None) -> None:
    taken = session.scalars(select(Product).where(Product.code == code)).first() if code else None
    if taken is not None and taken.id != but:
        raise Invalid(f"{taken.name} has this code already. Choose another.", field="code")
