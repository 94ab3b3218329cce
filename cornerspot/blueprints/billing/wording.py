"""Small words for templates: the taxes and discounts of a line in one cell."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from cornerspot.blueprints.billing.blueprint import blueprint
from cornerspot.blueprints.support.filters import money_plain, percent
from cornerspot.catalog.lines import Copy


@blueprint.app_template_filter("tax_words")
def tax_words(copies: Sequence[Copy]) -> str:
    """``VAT 19 %``; several joined by commas, none as nothing."""
    return ", ".join(f"{copy['name']} {percent(Decimal(copy['percent']))}" for copy in copies)


@blueprint.app_template_filter("discount_words")
def discount_words(copies: Sequence[Copy], currency: str) -> str:
    """``10 % + 5.00``, in the order they apply."""
    return " + ".join(
        percent(Decimal(copy["percent"]))
        if copy.get("percent") is not None
        else money_plain(copy["amount_minor"], currency)
        for copy in copies
    )
