"""Products as choices of the line editor: what is listed, and what choosing one writes into its row."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cornerspot.blueprints.support.line_form import show_discounts
from cornerspot.blueprints.support.numbers import local_number
from cornerspot.catalog.discounts import discounts
from cornerspot.catalog.lines import discount_copy, tax_copy
from cornerspot.catalog.models import Product
from cornerspot.catalog.tax_rates import tax_rates
from cornerspot.kit.currency import exponent, is_currency
from cornerspot.tenancy import current_team

Choice = dict[str, Any]


def as_choices(products: Iterable[Product], *, currency: str) -> list[Choice]:
    """Value, text and hint of each, and in ``fill`` the fields of a line in this currency (else the team's)."""
    team = current_team()
    wanted = currency if is_currency(currency) else team.currency
    rates = {str(rate.id): tax_copy(rate)["key"] for rate in tax_rates(active_only=True)}
    reductions = {str(row.id): row for row in discounts(active_only=True)}

    def fill(product: Product) -> Choice:
        given = [reductions[key] for key in product.default_discount_ids if key in reductions]
        fitting = [discount_copy(row) for row in given if row.currency in (None, wanted)]
        fields = {
            "description": "\n".join(text for text in (product.name, product.description) if text),
            "unit": product.unit,
            "taxes": [rates[key] for key in product.default_tax_ids if key in rates],
            "discount": show_discounts(fitting, currency=wanted, locale=team.locale),
            "frequency": product.frequency or "",
            "term_months": str(product.term_months or ""),
        }
        # No price in another currency: it would be taken for one in this.
        return fields | ({"unit_price": _price(product)} if product.currency == wanted else {})

    return [
        {"value": str(product.id), "text": product.name, "hint": _hint(product), "fill": fill(product)}
        for product in products
    ]


def _hint(product: Product) -> str:
    return f"{product.code} {_price(product)} {product.currency}".strip()


def _price(product: Product) -> str:
    return local_number(product.unit_price, exponent(product.currency))
