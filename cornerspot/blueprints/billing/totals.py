"""The arithmetic of an invoice, as rows of the totals band."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from cornerspot.billing.models import Invoice
from cornerspot.blueprints.support.filters import money_plain, percent
from cornerspot.catalog.amounts import Totals
from cornerspot.catalog.lines import totals_of

Row = dict[str, Any]


def preview_rows(totals: Totals | None) -> list[Row]:
    """From subtotal to total while one types; nothing while the lines cannot be reckoned."""
    if totals is None:
        return []
    return _arithmetic(
        subtotal=totals.subtotal_minor,
        line_discount=totals.line_discount_minor,
        discounts=[(row.name, row.percent, row.amount_minor) for row in totals.document_discounts],
        taxes=[(row.name, row.percent, row.base_minor, row.tax_minor) for row in totals.tax_breakdown],
        total=totals.total_minor,
        included=totals.prices_include_tax,
        currency=totals.currency,
    )


def invoice_rows(invoice: Invoice) -> list[Row]:
    """From subtotal to balance due; a final invoice from its rows, a draft reckoned; needs lines and tax rows."""
    if not invoice.is_finalized:
        return preview_rows(totals_of(invoice, invoice.lines))
    discounts = [
        (row["name"], None if row["percent"] is None else Decimal(row["percent"]), row["amount_minor"])
        for row in invoice.frozen.get("document_discounts", ())
    ]
    rows = _arithmetic(
        subtotal=invoice.subtotal_minor,
        line_discount=sum(line.discount_minor for line in invoice.lines),
        discounts=discounts,
        taxes=[(row.name, row.percent, row.base_minor, row.tax_minor) for row in invoice.tax_rows],
        total=invoice.total_minor,
        included=invoice.prices_include_tax,
        currency=invoice.currency,
    )
    return [*rows, _row("Paid", -invoice.paid_minor, "paid"), _row("Balance due", owed(invoice), "balance")]


def owed(invoice: Invoice) -> int:
    """What the customer still has to pay, in minor units: nothing on a void or cancelled invoice."""
    return invoice.balance_minor if invoice.is_unpaid else 0


def _arithmetic(
    *,
    subtotal: int,
    line_discount: int,
    discounts: Iterable[tuple[str, Decimal | None, int]],
    taxes: Iterable[tuple[str, Decimal, int, int]],
    total: int,
    included: bool,
    currency: str,
) -> list[Row]:
    rows = [_row("Subtotal", subtotal)]
    if line_discount:
        rows.append(_row("Discounts on lines", -line_discount, "discount"))
    rows += [_row(_named(name, rate), -amount, "discount") for name, rate, amount in discounts]
    word = "included, on" if included else "on"
    rows += [
        _row(_named(name, rate), tax, "tax", f"{word} {money_plain(base, currency)}") for name, rate, base, tax in taxes
    ]
    return [*rows, _row("Total", total, "total")]


def _row(label: str, minor: int, kind: str | None = None, hint: str | None = None) -> Row:
    return {"label": label, "minor": minor, "kind": kind, "hint": hint}


def _named(name: str, rate: Decimal | None) -> str:
    return name if rate is None else f"{name} {percent(rate)}"
