"""The arithmetic of a deal, a draft or an invoice, as rows of the totals band."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from cornerspot.blueprints.support.filters import money_plain, percent
from cornerspot.catalog.amounts import Totals

Row = dict[str, Any]


def totals_rows(totals: Totals | None) -> list[Row]:
    """From subtotal to total; nothing while the lines cannot be reckoned."""
    if totals is None:
        return []
    return arithmetic_rows(
        subtotal=totals.subtotal_minor,
        line_discount=totals.line_discount_minor,
        discounts=[(row.name, row.percent, row.amount_minor) for row in totals.document_discounts],
        taxes=[(row.name, row.percent, row.base_minor, row.tax_minor) for row in totals.tax_breakdown],
        total=totals.total_minor,
        included=totals.prices_include_tax,
        currency=totals.currency,
    )


def arithmetic_rows(
    *,
    subtotal: int,
    line_discount: int,
    discounts: Iterable[tuple[str, Decimal | None, int]],
    taxes: Iterable[tuple[str, Decimal, int, int]],
    total: int,
    included: bool,
    currency: str,
) -> list[Row]:
    """From subtotal to total, in minor units; a tax is its name, percent, base and amount."""
    rows = [totals_row("Subtotal", subtotal)]
    if line_discount:
        rows.append(totals_row("Discounts on lines", -line_discount, "discount"))
    rows += [totals_row(_named(name, rate), -amount, "discount") for name, rate, amount in discounts]
    word = "included, on" if included else "on"
    rows += [
        totals_row(_named(name, rate), tax, "tax", f"{word} {money_plain(base, currency)}")
        for name, rate, base, tax in taxes
    ]
    return [*rows, totals_row("Total", total, "total")]


def totals_row(label: str, minor: int, kind: str | None = None, hint: str | None = None) -> Row:
    """One row of the band; ``hint`` is said smaller beside the label."""
    return {"label": label, "minor": minor, "kind": kind, "hint": hint}


def _named(name: str, rate: Decimal | None) -> str:
    return name if rate is None else f"{name} {percent(rate)}"
