"""Lines of deals and invoices: their copies of taxes and discounts, and reckoning them.

A copy is a small map that a document keeps for ever:
tax ``{"key", "name", "percent"}``, discount ``{"key", "name", "percent" | "amount_minor"}``,
with decimals as text. Taxes with the same ``key`` are one tax.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from cornerspot.catalog.amounts import DiscountSpec, DocumentSpec, LineSpec, TaxSpec, Totals, compute_totals
from cornerspot.catalog.models import Discount, PricedDocument, PricedLine, TaxRate

Copy = dict[str, Any]


@dataclass(frozen=True)
class LineInput:
    """A line as it was entered. ``id`` names the stored line it changes, None a new one."""

    description: str
    quantity: Decimal
    unit_price: Decimal
    unit: str = ""
    product_id: UUID | None = None
    discounts: tuple[Copy, ...] = ()
    taxes: tuple[Copy, ...] = ()
    frequency: str | None = None
    term_months: int | None = None
    id: UUID | None = None


class Priced(Protocol):
    """What is needed to reckon a line: stored or just entered."""

    @property
    def quantity(self) -> Any: ...

    @property
    def unit_price(self) -> Any: ...

    @property
    def discounts(self) -> Any: ...

    @property
    def taxes(self) -> Any: ...


def tax_copy(rate: TaxRate) -> Copy:
    """The copy of a rate that a document keeps.

    The key holds the percent too: a rate that was revised is another tax, and may
    stand on one document beside its former self.
    """
    percent = _text(rate.percent)
    return {"key": f"{rate.id}:{percent}", "name": rate.name, "percent": percent}


def discount_copy(discount: Discount) -> Copy:
    """The copy of a discount that a document keeps."""
    copy: Copy = {"key": str(discount.id), "name": discount.name}
    if discount.percent is not None:
        return copy | {"percent": _text(discount.percent)}
    return copy | {"amount_minor": discount.amount_minor}


def custom_discount(*, percent: Decimal | None = None, amount_minor: int | None = None) -> Copy:
    """A discount that was typed in, without a catalog row."""
    copy: Copy = {"key": "", "name": "Discount"}
    if percent is not None:
        return copy | {"percent": _text(percent)}
    return copy | {"amount_minor": amount_minor}


def document_totals(
    *,
    currency: str,
    prices_include_tax: bool,
    discounts: Iterable[Copy],
    taxes: Iterable[Copy],
    lines: Sequence[Priced],
) -> Totals:
    """What such a document comes to; raises Invalid where ``catalog.amounts`` does."""
    return compute_totals(
        DocumentSpec(
            currency=currency,
            lines=tuple(
                LineSpec(
                    quantity=Decimal(line.quantity),
                    unit_price=Decimal(line.unit_price),
                    discounts=_discount_specs(line.discounts),
                    taxes=_tax_specs(line.taxes),
                )
                for line in lines
            ),
            discounts=_discount_specs(discounts),
            taxes=_tax_specs(taxes),
            prices_include_tax=prices_include_tax,
        )
    )


def totals_of(document: PricedDocument, lines: Sequence[Priced]) -> Totals:
    """What a stored document comes to with these lines."""
    return document_totals(
        currency=document.currency,
        prices_include_tax=document.prices_include_tax,
        discounts=document.discounts,
        taxes=document.taxes,
        lines=lines,
    )


def reckon(document: PricedDocument, lines: Sequence[PricedLine]) -> Totals:
    """The document and its lines carry the amounts that they come to."""
    totals = totals_of(document, lines)
    for line, result in zip(lines, totals.lines, strict=True):
        _carry(line, result, ("gross_minor", "discount_minor", "net_minor"))
    _carry(document, totals, ("subtotal_minor", "discount_minor", "tax_minor", "total_minor"))
    return totals


def _carry(row: object, amounts: object, names: tuple[str, ...]) -> None:
    """Set only what differs: an amount that is set counts as a change, and the flush looks at the row."""
    for name in names:
        amount = getattr(amounts, name)
        if getattr(row, name) != amount:
            setattr(row, name, amount)


def write_line(line: PricedLine, entered: LineInput, *, position: int) -> None:
    """The stored line says what was entered, at this place."""
    line.position, line.product_id = position, entered.product_id
    line.description, line.unit = entered.description, entered.unit
    line.quantity, line.unit_price = entered.quantity, entered.unit_price
    line.discounts, line.taxes = list(entered.discounts), list(entered.taxes)


def _tax_specs(copies: Iterable[Copy]) -> tuple[TaxSpec, ...]:
    return tuple(TaxSpec(copy["key"], copy["name"], Decimal(copy["percent"])) for copy in copies)


def _discount_specs(copies: Iterable[Copy]) -> tuple[DiscountSpec, ...]:
    return tuple(
        DiscountSpec(copy["name"], percent=Decimal(copy["percent"]))
        if copy.get("percent") is not None
        else DiscountSpec(copy["name"], amount_minor=copy["amount_minor"])
        for copy in copies
    )


def _text(value: Decimal) -> str:
    """A decimal without trailing zeros or exponent: 19, 9.975."""
    return f"{value.normalize():f}"
