"""What two people wrote at once, side by side in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cornerspot.blueprints.billing.invoice_forms import terms_label
from cornerspot.blueprints.support.filters import date_text, quantity, unit_price
from cornerspot.blueprints.support.line_form import show_discounts
from cornerspot.kit.errors import StaleVersion
from cornerspot.tenancy import current_team

LABELS = {
    "account": "Customer",
    "contact": "Billing contact",
    "currency": "Currency",
    "terms_days": "Payment terms",
    "chosen_due_on": "Due date",
    "invoice_on": "Invoice date",
    "manual_number": "Invoice number",
    "purchase_order": "Purchase order",
    "discounts": "Discount on the whole invoice",
    "taxes": "Taxes on the whole invoice",
    "prices_include_tax": "Prices include tax",
    "notes": "Notes",
    "terms_text": "Terms and conditions",
    "internal_note": "Internal note",
}
NOTHING = "–"


def explain(stale: StaleVersion, currency: str) -> list[tuple[str, str, str]]:
    """Field, what was saved meanwhile, what you typed; lines one by one."""
    rows: list[tuple[str, str, str]] = []
    for name, (saved, typed) in stale.changes.items():
        if name == "lines":
            rows += _lines(saved, typed, currency)
        elif name != "terms_days" or typed is not None:
            text = _words(name, currency)
            rows.append((LABELS.get(name, name), text(saved), text(typed)))
    return rows


def _lines(saved: list[Any], typed: list[Any], currency: str) -> list[tuple[str, str, str]]:
    rows = []
    for index in range(max(len(saved), len(typed))):
        theirs, yours = (lines[index] if index < len(lines) else None for lines in (saved, typed))
        if theirs != yours:
            rows.append((f"Line {index + 1}", _line(theirs, currency), _line(yours, currency)))
    return rows


def _line(line: tuple[Any, ...] | None, currency: str) -> str:
    if line is None:
        return "No such line"
    description, count, _, price, *_ = line
    return f"{description}: {quantity(count)} × {unit_price(price, currency)}"


def _words(name: str, currency: str) -> Callable[[Any], str]:
    def text(value: Any) -> str:
        if value in (None, "", [], ()):
            return NOTHING
        if name in ("account", "contact"):
            return str(value.name)
        if name == "terms_days":
            return terms_label(value)
        if name in ("chosen_due_on", "invoice_on"):
            return date_text(value)
        if name == "discounts":
            return show_discounts(value, currency=currency, locale=current_team().locale)
        if name == "taxes":
            return ", ".join(f"{copy['name']} {copy['percent']} %" for copy in value)
        return ("Yes" if value else "No") if isinstance(value, bool) else str(value)

    return text
