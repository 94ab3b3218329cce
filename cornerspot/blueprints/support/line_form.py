"""Reading the line editor of deals and invoices from a posted form.

Field names are ``lines-<index>-<field>`` with the fields of ``FIELDS``, in any
numbering; rows are taken in the order of their numbers, and rows left wholly
empty are skipped. Every typed text and every mistake is kept for showing the
form again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from babel.numbers import get_decimal_symbol
from werkzeug.datastructures import MultiDict

from cornerspot.catalog.lines import Copy, LineInput, Priced, custom_discount
from cornerspot.catalog.models import Frequency
from cornerspot.kit.currency import exponent
from cornerspot.kit.errors import Invalid
from cornerspot.kit.money import Money
from cornerspot.kit.money_text import format_money, parse_amount, parse_decimal

FIELDS = (
    "id", "product", "description", "quantity", "unit", "unit_price", "discount", "taxes", "frequency", "term_months",
)  # fmt: skip
MOST_LINES = 1000
LONGEST_DESCRIPTION = 2000
LARGEST_QUANTITY = 10**10  # the column holds ten digits before the point
_NAME = re.compile(r"lines-(\d{1,6})-([a-z_]+)")


@dataclass(frozen=True)
class Choices:
    """What lines can refer to: copies by key, and the ids of the team's products.

    ``taxes`` and ``discounts`` hold the catalog's copies and those that the
    document already has, so that a rate switched off meanwhile stays usable on it.
    """

    taxes: Mapping[str, Copy] = field(default_factory=dict)
    discounts: Mapping[str, Copy] = field(default_factory=dict)
    product_ids: frozenset[UUID] = frozenset()


@dataclass
class LineRow:
    """One row of the editor: texts as typed, mistakes by field, and the parsed line if there is none.

    ``place`` is the number in the names of its fields when it was posted.
    """

    values: dict[str, str]
    tax_keys: list[str]
    errors: dict[str, str] = field(default_factory=dict)
    line: LineInput | None = None
    place: int = 0


@dataclass
class LineForm:
    """All rows of the editor. ``error`` is a sentence about the lines as a whole."""

    rows: list[LineRow]
    error: str = ""

    @property
    def is_valid(self) -> bool:
        return not self.error and not any(row.errors for row in self.rows)

    @property
    def lines(self) -> list[LineInput]:
        """The lines without mistakes, in order; all of them when ``is_valid``."""
        return [row.line for row in self.rows if row.line is not None]


def read_lines(form: MultiDict[str, str], *, currency: str, locale: str, choices: Choices) -> LineForm:
    """The rows of a posted form, parsed; never raises."""
    rows = []
    for place, values in _group(form):
        rows.append(_read_row(values, currency, locale, choices))
        rows[-1].place = place
    too_many = len(rows) > MOST_LINES
    return LineForm(rows[:MOST_LINES], f"Use at most {MOST_LINES:,} lines." if too_many else "")


def changes_rows(lines: LineForm, form: Mapping[str, str]) -> bool:
    """Whether the form was sent to add or remove a line, which is then done; only without script."""
    if "add_line" in form:
        lines.rows.append(empty_row())
        return True
    place = form.get("remove_line", "")
    if place.isascii() and place.isdigit() and len(place) < 7:
        lines.rows = [row for row in lines.rows if row.place != int(place)]
        return True
    return False


def product_ids_of(lines: Iterable[Any]) -> set[UUID]:
    """The products that stored or entered lines name."""
    return {line.product_id for line in lines if line.product_id is not None}


def posted_product_ids(form: MultiDict[str, str]) -> set[UUID]:
    """The products that the rows of a posted form name."""
    found = set()
    for name, text in form.items():
        match = _NAME.fullmatch(name)
        if match and match[2] == "product" and text:
            with suppress(ValueError):
                found.add(UUID(text))
    return found


def show_lines(lines: Iterable[Priced], *, currency: str, locale: str) -> LineForm:
    """The rows that show stored lines for editing."""
    return LineForm([_show_row(line, currency, locale) for line in lines])


def empty_row() -> LineRow:
    """A fresh row of the editor."""
    return LineRow({**dict.fromkeys(FIELDS, ""), "quantity": "1"}, [])


def read_discounts(text: str, *, currency: str, locale: str, choices: Choices) -> tuple[Copy, ...]:
    """Discounts as typed: ``10%``, ``5.00``, or several in order joined by ``+``; raises Invalid."""
    return tuple(_read_discount(part.strip(), currency, locale, choices) for part in text.split("+") if part.strip())


def show_discounts(copies: Iterable[Copy], *, currency: str, locale: str) -> str:
    """The text that ``read_discounts`` reads back."""
    return " + ".join(
        f"{_local(Decimal(copy['percent']), locale)}%"
        if copy.get("percent") is not None
        else format_money(Money(copy["amount_minor"], currency), locale, with_symbol=False)
        for copy in copies
    )


def _group(form: MultiDict[str, str]) -> list[tuple[int, dict[str, list[str]]]]:
    """The fields by row number, wholly empty rows left out."""
    rows: dict[int, dict[str, list[str]]] = {}
    for name, values in form.lists():
        match = _NAME.fullmatch(name)
        if match and match[2] in FIELDS:
            rows.setdefault(int(match[1]), {})[match[2]] = values
    typed = ("product", "description", "unit_price", "discount")
    return [
        (place, row)
        for place, row in sorted(rows.items())
        if any(value.strip() for name in typed for value in row.get(name, []))
    ]


def _read_row(raw: dict[str, list[str]], currency: str, locale: str, choices: Choices) -> LineRow:
    row = LineRow(
        {name: raw.get(name, [""])[0].replace("\0", "").strip() for name in FIELDS if name != "taxes"},
        [key for key in raw.get("taxes", []) if key],
    )
    row.values["taxes"] = ""
    reader = _Reader(row, currency, locale, choices)
    parsed: dict[str, Any] = {
        "description": reader.read("description", reader.description),
        "quantity": reader.read("quantity", reader.quantity),
        "unit_price": reader.read("unit_price", reader.unit_price),
        "unit": reader.read("unit", reader.unit),
        "product_id": reader.read("product", reader.product),
        "discounts": reader.read(
            "discount", lambda text: read_discounts(text, currency=currency, locale=locale, choices=choices)
        ),
        "taxes": reader.read("taxes", reader.taxes),
        "frequency": reader.read("frequency", reader.frequency),
        "term_months": reader.read("term_months", reader.term_months),
        "id": reader.read("id", reader.line_id),
    }
    if not row.errors:
        row.line = LineInput(**parsed)
    return row


class _Reader:
    """Reads the fields of one row and writes mistakes beside them."""

    def __init__(self, row: LineRow, currency: str, locale: str, choices: Choices) -> None:
        self.row, self.currency, self.locale, self.choices = row, currency, locale, choices

    def read(self, name: str, parse: Any) -> Any:
        try:
            return parse(self.row.values[name])
        except Invalid as error:
            self.row.errors[name] = error.message
            return None

    def description(self, text: str) -> str:
        if not text:
            raise Invalid("Describe what is sold.")
        if len(text) > LONGEST_DESCRIPTION:
            raise Invalid(f"Use at most {LONGEST_DESCRIPTION:,} characters.")
        return text

    def quantity(self, text: str) -> Decimal:
        quantity = parse_decimal(text, self.locale, places=4)
        if abs(quantity) >= LARGEST_QUANTITY:
            raise Invalid("This quantity is too large.")
        return quantity

    def unit_price(self, text: str) -> Decimal:
        price = parse_decimal(text, self.locale, places=6) if text else None
        if price is None:
            raise Invalid("Enter a price.")
        if price < 0:
            raise Invalid("A price cannot be below zero. Use a negative quantity for a credit.")
        return price

    def unit(self, text: str) -> str:
        if len(text) > 40:
            raise Invalid("Use at most 40 characters.")
        return text

    def product(self, text: str) -> UUID | None:
        product_id = _uuid(text, "Choose a product from the list.")
        if product_id is not None and product_id not in self.choices.product_ids:
            raise Invalid("Choose a product from the list.")
        return product_id

    def taxes(self, _: str) -> tuple[Copy, ...]:
        if any(key not in self.choices.taxes for key in self.row.tax_keys):
            raise Invalid("Choose taxes from the list.")
        return tuple(self.choices.taxes[key] for key in dict.fromkeys(self.row.tax_keys))

    def frequency(self, text: str) -> str | None:
        if text and text not in list(Frequency):
            raise Invalid("Choose how often this is billed.")
        return text or None

    def term_months(self, text: str) -> int | None:
        if not text:
            return None
        if not text.isascii() or not text.isdigit() or not 1 <= int(text[:4]) <= 120:
            raise Invalid("Enter a number of months from 1 to 120.")
        return int(text)

    def line_id(self, text: str) -> UUID | None:
        return _uuid(text, "This line is not part of the document any more.")


def _read_discount(text: str, currency: str, locale: str, choices: Choices) -> Copy:
    if text.endswith("%"):
        percent = parse_decimal(text[:-1], locale, places=6)
        if not 0 < percent <= 100:
            raise Invalid("Enter a percentage above 0 and up to 100.")
        found = custom_discount(percent=percent)
    else:
        amount = parse_amount(text, currency, locale)
        if amount.minor <= 0:
            raise Invalid("Enter a discount above zero, such as 10% or an amount.")
        found = custom_discount(amount_minor=amount.minor)
    same = (copy for copy in choices.discounts.values() if _worth(copy) == _worth(found))
    return next(same, found)  # A discount of the catalog with this worth gives its name.


def _worth(copy: Copy) -> tuple[Any, Any]:
    percent = copy.get("percent")
    return (Decimal(percent) if percent is not None else None, copy.get("amount_minor"))


def _uuid(text: str, refusal: str) -> UUID | None:
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError as error:
        raise Invalid(refusal) from error


def _show_row(line: Any, currency: str, locale: str) -> LineRow:
    values = {
        "id": str(line.id or ""),
        "product": str(line.product_id or ""),
        "description": line.description,
        "quantity": _local(line.quantity, locale),
        "unit": line.unit,
        "unit_price": _local(line.unit_price, locale, at_least=exponent(currency)),
        "discount": show_discounts(line.discounts, currency=currency, locale=locale),
        "taxes": "",
        "frequency": getattr(line, "frequency", None) or "",
        "term_months": str(getattr(line, "term_months", None) or ""),
    }
    return LineRow(values, [copy["key"] for copy in line.taxes])


def _local(value: Decimal, locale: str, *, at_least: int = 0) -> str:
    """A number as the locale writes it, without grouping, so that it can be edited."""
    text = f"{value.normalize():f}"
    whole, _, decimals = text.partition(".")
    decimals = decimals.ljust(at_least, "0")
    return whole + (get_decimal_symbol(locale) + decimals if decimals else "")
