"""Products, tax rates and discounts, made through the use-cases; call them inside a team's scope."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

from cornerspot.catalog.discounts import DiscountInput, create_discount
from cornerspot.catalog.models import Discount, Product, TaxRate
from cornerspot.catalog.products import ProductInput, create_product
from cornerspot.catalog.tax_rates import TaxRateInput, create_tax_rate
from cornerspot.people.actors import SYSTEM, Actor
from cornerspot.tenancy import current_team

_counter = itertools.count(1)


def make_tax_rate(percent: str | Decimal = "20", name: str | None = None, *, by: Actor = SYSTEM) -> TaxRate:
    """A tax rate in use; flushed."""
    return create_tax_rate(TaxRateInput(name=name or f"VAT {next(_counter)}", percent=Decimal(percent)), by=by)


def make_discount(
    percent: str | Decimal | None = "10",
    *,
    amount_minor: int | None = None,
    currency: str | None = None,
    name: str | None = None,
    by: Actor = SYSTEM,
) -> Discount:
    """A discount of a percentage, or of an amount when ``amount_minor`` is given; flushed."""
    if amount_minor is not None:
        percent, currency = None, currency or current_team().currency
    entered = DiscountInput(
        name=name or f"Discount {next(_counter)}",
        percent=Decimal(percent) if percent is not None else None,
        amount_minor=amount_minor,
        currency=currency,
    )
    return create_discount(entered, by=by)


def make_product(
    name: str | None = None, unit_price: str | Decimal = "100", *, by: Actor = SYSTEM, **fields: Any
) -> Product:
    """A product in the team's currency; flushed."""
    currency = fields.pop("currency", None) or current_team().currency
    entered = ProductInput(
        name=name or f"Product {next(_counter)}", unit_price=Decimal(unit_price), currency=currency, **fields
    )
    return create_product(entered, by=by)
