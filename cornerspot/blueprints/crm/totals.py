"""The arithmetic of a deal, as rows of the totals band."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from cornerspot.blueprints.support.filters import percent
from cornerspot.catalog.amounts import Totals


def totals_rows(totals: Totals | None) -> list[dict[str, Any]]:
    """From subtotal to total; nothing while the lines cannot be reckoned."""
    if totals is None:
        return []
    rows: list[dict[str, Any]] = [_row("Subtotal", totals.subtotal_minor)]
    if totals.line_discount_minor:
        rows.append(_row("Line discounts", -totals.line_discount_minor, "discount"))
    rows += [
        _row(_named(discount.name, discount.percent), -discount.amount_minor, "discount")
        for discount in totals.document_discounts
    ]
    included = "included" if totals.prices_include_tax else None
    rows += [_row(_named(tax.name, tax.percent), tax.tax_minor, "tax", included) for tax in totals.tax_breakdown]
    return [*rows, _row("Total", totals.total_minor, "total")]


def _row(label: str, minor: int, kind: str | None = None, hint: str | None = None) -> dict[str, Any]:
    return {"label": label, "minor": minor, "kind": kind, "hint": hint}


def _named(name: str, rate: Decimal | None) -> str:
    return name if rate is None else f"{name} {percent(rate)}"
