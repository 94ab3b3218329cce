"""Products: what a team sells, with the price and the taxes a line starts with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select, tuple_

from cornerspot.activity.recording import record
from cornerspot.catalog.amounts import UNIT_PRICE_PLACES
from cornerspot.catalog.discounts import known_discounts
from cornerspot.catalog.models import Frequency, Product
from cornerspot.catalog.tax_rates import known_tax_rates
from cornerspot.db import session
from cornerspot.db.locks import lock
from cornerspot.db.versions import bump, require_version
from cornerspot.kit import clock
from cornerspot.kit.currency import exponent
from cornerspot.kit.errors import Invalid
from cornerspot.kit.paging import Page, decode_cursor, encode_cursor
from cornerspot.kit.searching import prefix_range
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
            "default_tax_ids": [str(id) for id in self.tax_ids],
            "default_discount_ids": [str(id) for id in self.discount_ids],
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


def offered_products(*, currency: str | None = None) -> list[Product]:
    """The products a new line can name, by name; those in ``currency`` only when given."""
    statement = select(Product).where(Product.archived_at.is_(None), Product.is_active)
    if currency is not None:
        statement = statement.where(Product.currency == currency)
    return list(session.scalars(statement.order_by(Product.search_name, Product.id).limit(1000)))


def products_page(*, search: str = "", show: str = "active", cursor: str | None = None) -> Page[Product]:
    """A page of products by name; ``show`` is active, recurring or archived."""
    statement = _shown(select(Product), show)
    if search.strip():
        low, high = prefix_range(search)
        code = search.strip()
        statement = statement.where(
            or_(
                Product.search_name.between(low, high),
                Product.code.between(code, code + "\U0010ffff"),
            )
        )
    if cursor:
        name, id = decode_cursor(cursor, parts=2)
        statement = statement.where(tuple_(Product.search_name, Product.id) > tuple_(str(name), UUID(str(id))))
    rows = list(session.scalars(statement.order_by(Product.search_name, Product.id).limit(PAGE_SIZE + 1)))
    return _page(rows)


def _shown(statement: Select[tuple[Product]], show: str) -> Select[tuple[Product]]:
    if show == "archived":
        return statement.where(Product.archived_at.is_not(None))
    statement = statement.where(Product.archived_at.is_(None))
    if show == "recurring":
        statement = statement.where(Product.frequency.is_not(None))
    return statement


def _page(rows: Sequence[Product]) -> Page[Product]:
    shown = list(rows[:PAGE_SIZE])
    more = encode_cursor(shown[-1].search_name, str(shown[-1].id)) if len(rows) > PAGE_SIZE else None
    return Page(shown, next_cursor=more)


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
