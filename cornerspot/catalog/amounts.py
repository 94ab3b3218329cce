"""What a document comes to: the one place that turns lines, discounts and taxes into money.

Pure: frozen specs in, frozen totals out. Deals, invoices and subscriptions are all
reckoned here, and every page, PDF, charge and report shows what this returns.

Rounding is half up on the magnitude, as bookkeepers do it: 0.5 becomes 1 and -0.5
becomes -1, so a credit line is the exact mirror of the line it takes back. Three
things round, each once: a line's net, a document discount in percent, and the tax of
a rate on the sum of its bases (EN 16931, BR-CO-17).

A discount moves an amount towards zero and never across it, on credit lines too:
5.00 off a line of -20.00 leaves -15.00. Documents add up lines of both signs; a
discount on the document is shared by all lines in proportion to their signed nets,
so that credit lines give back their part and no line changes its sign.

The totals, the shares per rate and the breakdown do not depend on the order of lines
or taxes. Only which of two lines with the same net and the same taxes bears an odd
minor unit does: the earlier one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, Inexact, localcontext
from fractions import Fraction

from cornerspot.kit.currency import exponent
from cornerspot.kit.errors import Invalid
from cornerspot.kit.money import LARGEST_MINOR, AmountTooLarge, share_out

QUANTITY_PLACES = 4
UNIT_PRICE_PLACES = 6
PERCENT_PLACES = 6

# Lines are exact until their one rounding; a lost digit would be an error of ours.
_EXACT = Context(prec=10_000, traps=[Inexact])


class ConflictingTax(Invalid):
    """The same tax stands on the document twice with different rates."""


@dataclass(frozen=True, slots=True)
class TaxSpec:
    """One rate: ``key`` says which taxes are the same one, ``percent`` is 19 for 19 %."""

    key: str
    name: str
    percent: Decimal

    def __post_init__(self) -> None:
        _require_percent(self.percent, field="taxes")


@dataclass(frozen=True, slots=True)
class DiscountSpec:
    """Either a percent (10 for 10 %) or a fixed amount in minor units, never both."""

    name: str
    percent: Decimal | None = None
    amount_minor: int | None = None

    def __post_init__(self) -> None:
        if (self.percent is None) == (self.amount_minor is None):
            raise Invalid("Enter a discount as a percentage or as an amount.", field="discounts")
        if self.percent is not None:
            _require_percent(self.percent, field="discounts")
        elif self.amount_minor is not None and self.amount_minor < 0:
            raise Invalid("A discount cannot be below zero.", field="discounts")


@dataclass(frozen=True, slots=True)
class LineSpec:
    """A quantity at a unit price in major units, less discounts in order, with taxes."""

    quantity: Decimal
    unit_price: Decimal
    discounts: tuple[DiscountSpec, ...] = ()
    taxes: tuple[TaxSpec, ...] = ()

    def __post_init__(self) -> None:
        _require_places(self.quantity, QUANTITY_PLACES, "quantity", "A quantity")
        _require_places(self.unit_price, UNIT_PRICE_PLACES, "unit_price", "A unit price")
        if self.unit_price < 0:
            # EN 16931, BR-27: a price is never negative; a credit has a negative quantity.
            raise Invalid(
                "A unit price cannot be below zero. Use a negative quantity for a credit.",
                field="unit_price",
            )


@dataclass(frozen=True, slots=True)
class DocumentSpec:
    """Lines of one document, with the discounts (in order) and taxes that apply to all."""

    currency: str
    lines: tuple[LineSpec, ...]
    discounts: tuple[DiscountSpec, ...] = ()
    taxes: tuple[TaxSpec, ...] = ()
    prices_include_tax: bool = False


@dataclass(frozen=True, slots=True)
class LineTotals:
    """One line in minor units: gross − discount = net; net − document discount = taxable.

    With inclusive prices all of them contain the tax.
    """

    gross_minor: int
    discount_minor: int
    net_minor: int
    document_discount_minor: int
    taxable_minor: int


@dataclass(frozen=True, slots=True)
class DiscountTotals:
    """What one document discount took off, in minor units."""

    name: str
    percent: Decimal | None
    amount_minor: int


@dataclass(frozen=True, slots=True)
class TaxTotals:
    """One row of the tax breakdown: the base without any tax, and the tax on it."""

    key: str
    name: str
    percent: Decimal
    base_minor: int
    tax_minor: int


@dataclass(frozen=True, slots=True)
class Totals:
    """A document in minor units.

    subtotal − discount + tax = total, or with inclusive prices, where the tax is
    contained, subtotal − discount = total. The breakdown goes by percent, then name.
    """

    currency: str
    prices_include_tax: bool
    subtotal_minor: int
    line_discount_minor: int
    document_discount_minor: int
    tax_minor: int
    total_minor: int
    lines: tuple[LineTotals, ...]
    document_discounts: tuple[DiscountTotals, ...]
    tax_breakdown: tuple[TaxTotals, ...]

    @property
    def discount_minor(self) -> int:
        """Line discounts and document discounts together."""
        return self.line_discount_minor + self.document_discount_minor

    @property
    def net_total_minor(self) -> int:
        """The total without tax, whichever way prices are quoted."""
        return self.total_minor - self.tax_minor

    @property
    def is_negative(self) -> bool:
        """Whether the customer would be owed money; the caller refuses such a document."""
        return self.total_minor < 0


def compute_totals(document: DocumentSpec) -> Totals:
    """What the document comes to; raises ConflictingTax, AmountTooLarge, UnknownCurrency."""
    with localcontext(_EXACT):
        lines = [_gross_and_net(line, exponent(document.currency)) for line in document.lines]
        net_total = sum(net for _, net in lines)
        discounts = _document_discounts(document.discounts, net_total)
    keys, rates = _taxes_by_line(document)
    discounted = sum(discount.amount_minor for discount in discounts)
    shares = _shares(discounted, [net for _, net in lines], keys)
    line_totals = tuple(
        LineTotals(gross, gross - net, net, share, net - share)
        for (gross, net), share in zip(lines, shares, strict=True)
    )
    taxable = _taxable_by_keys(line_totals, keys)
    breakdown = (_contained_taxes if document.prices_include_tax else _added_taxes)(taxable, rates)
    return _require_storable(_totals(document, line_totals, discounts, breakdown))


def round_half_up(value: Decimal | Fraction) -> int:
    """The nearest whole number; a half goes away from zero."""
    if isinstance(value, Decimal):
        return int(value.to_integral_value(ROUND_HALF_UP))
    magnitude = (2 * abs(value.numerator) + value.denominator) // (2 * value.denominator)
    return magnitude if value >= 0 else -magnitude


def _gross_and_net(line: LineSpec, places: int) -> tuple[int, int]:
    """Quantity × unit price and what is left after the line's discounts, in minor units."""
    exact = (line.quantity * line.unit_price).scaleb(places)
    if exact and exact.adjusted() > len(str(LARGEST_MINOR)):
        raise AmountTooLarge(field="unit_price")
    gross = round_half_up(exact)
    for discount in line.discounts:
        exact -= _discount_on(exact, discount)
    return gross, round_half_up(exact)


def _discount_on(base: Decimal, discount: DiscountSpec) -> Decimal:
    """What the discount takes off the base, unrounded: towards zero, never past it."""
    if discount.percent is not None:
        return base * discount.percent.scaleb(-2)
    return min(abs(base), Decimal(discount.amount_minor or 0)).copy_sign(base)


def _document_discounts(discounts: Iterable[DiscountSpec], base: int) -> tuple[DiscountTotals, ...]:
    """Each discount on what the former ones left of the base."""
    totals = []
    for discount in discounts:
        amount = round_half_up(_discount_on(Decimal(base), discount))
        totals.append(DiscountTotals(discount.name, discount.percent, amount))
        base -= amount
    return tuple(totals)


def _taxes_by_line(document: DocumentSpec) -> tuple[list[tuple[str, ...]], dict[str, TaxSpec]]:
    """The sorted keys of each line's taxes, the document's included, and the rate of each.

    A tax that stands on both line and document, or twice on a line, counts once.
    """
    rates: dict[str, TaxSpec] = {}
    for tax in (*document.taxes, *(tax for line in document.lines for tax in line.taxes)):
        same = rates.setdefault(tax.key, tax)
        if same.percent != tax.percent:
            raise ConflictingTax(
                f"{tax.name} stands on this document with two different rates. Keep one of them.",
                field="taxes",
            )
        # Copies of one rate may differ in name after a rename; the order of lines must not decide.
        rates[tax.key] = min(same, tax, key=lambda copy: copy.name)
    for_all = {tax.key for tax in document.taxes}
    return [tuple(sorted(for_all.union(tax.key for tax in line.taxes))) for line in document.lines], rates


def _shares(discount: int, nets: Sequence[int], keys: Sequence[tuple[str, ...]]) -> list[int]:
    """The document's discount over its lines, in proportion to their signed nets.

    By largest remainder. Since the discount is at most the sum of nets, no share is
    larger than its line. Ties go to the larger net, then by tax keys, so that bases per
    rate do not depend on the order of lines, and only then to the earlier line.
    """
    if discount == 0:
        return [0] * len(nets)
    mirror = 1 if discount > 0 else -1
    whole = mirror * sum(nets)
    exact = [divmod(mirror * discount * mirror * net, whole) for net in nets]
    shares = share_out(
        mirror * discount,
        [floor for floor, _ in exact],
        lambda i: (-exact[i][1], -mirror * nets[i], keys[i], i),
    )
    return [mirror * share for share in shares]


def _taxable_by_keys(lines: Sequence[LineTotals], keys: Sequence[tuple[str, ...]]) -> dict[tuple[str, ...], int]:
    """The taxable amounts of lines that carry the same taxes, summed; in order of keys."""
    groups = dict.fromkeys(sorted(set(keys)), 0)
    for line, group in zip(lines, keys, strict=True):
        groups[group] += line.taxable_minor
    return groups


def _added_taxes(taxable: dict[tuple[str, ...], int], rates: dict[str, TaxSpec]) -> tuple[TaxTotals, ...]:
    """Tax on top of the prices: each rate on the sum of its bases, rounded once."""
    rows = []
    for key, tax in rates.items():
        base = sum(amount for group, amount in taxable.items() if key in group)
        rows.append(_tax_row(tax, base, round_half_up(base * _share_of_one(tax))))
    return _in_order(rows)


def _contained_taxes(taxable: dict[tuple[str, ...], int], rates: dict[str, TaxSpec]) -> tuple[TaxTotals, ...]:
    """Tax that the prices contain: gross × rate ÷ (1 + all rates of the line), rounded once.

    What is left of a group of lines after its taxes is its base, so base and taxes add
    up to what was quoted. The tax of a rate that several groups share is divided among
    them by largest remainder.
    """
    divisors = {group: 1 + sum((_share_of_one(rates[key]) for key in group), Fraction()) for group in taxable}
    bases, taxes = dict(taxable), {}
    for key, tax in rates.items():
        groups = [group for group in taxable if key in group]
        exact = [taxable[group] * _share_of_one(tax) / divisors[group] for group in groups]
        taxes[key] = round_half_up(sum(exact, Fraction()))
        for group, part in zip(groups, _whole_parts(taxes[key], exact), strict=True):
            bases[group] -= part
    return _in_order(
        _tax_row(tax, sum(base for group, base in bases.items() if key in group), taxes[key])
        for key, tax in rates.items()
    )


def _whole_parts(total: int, exact: Sequence[Fraction]) -> list[int]:
    """Whole parts beside the exact ones that add up to their rounded sum; ties to the larger."""
    floors = [part.__floor__() for part in exact]
    return share_out(total, floors, lambda i: (floors[i] - exact[i], -exact[i], i))


def _share_of_one(tax: TaxSpec) -> Fraction:
    return Fraction(tax.percent) / 100


def _tax_row(tax: TaxSpec, base: int, amount: int) -> TaxTotals:
    return TaxTotals(tax.key, tax.name, tax.percent, base, amount)


def _in_order(rows: Iterable[TaxTotals]) -> tuple[TaxTotals, ...]:
    return tuple(sorted(rows, key=lambda row: (row.percent, row.name, row.key)))


def _totals(
    document: DocumentSpec,
    lines: tuple[LineTotals, ...],
    discounts: tuple[DiscountTotals, ...],
    breakdown: tuple[TaxTotals, ...],
) -> Totals:
    tax = sum(row.tax_minor for row in breakdown)
    payable = sum(line.taxable_minor for line in lines)
    return Totals(
        currency=document.currency,
        prices_include_tax=document.prices_include_tax,
        subtotal_minor=sum(line.gross_minor for line in lines),
        line_discount_minor=sum(line.discount_minor for line in lines),
        document_discount_minor=sum(discount.amount_minor for discount in discounts),
        tax_minor=tax,
        total_minor=payable if document.prices_include_tax else payable + tax,
        lines=lines,
        document_discounts=discounts,
        tax_breakdown=breakdown,
    )


def _require_storable(totals: Totals) -> Totals:
    """The totals, where each amount fits a BIGINT; raises AmountTooLarge."""
    amounts = [
        totals.subtotal_minor,
        totals.discount_minor,
        totals.tax_minor,
        totals.total_minor,
        totals.net_total_minor,
        *(line.gross_minor for line in totals.lines),
        *(row.base_minor for row in totals.tax_breakdown),
    ]
    if any(abs(amount) > LARGEST_MINOR for amount in amounts):
        raise AmountTooLarge
    return totals


def _require_places(value: Decimal, places: int, field: str, what: str) -> None:
    if not value.is_finite():
        raise Invalid(f"{what} is a number.", field=field)
    if value and value.adjusted() >= len(str(LARGEST_MINOR)):
        raise AmountTooLarge(field=field)
    if value and value != round(value, places):
        raise Invalid(f"{what} has up to {places} decimals.", field=field)


def _require_percent(percent: Decimal, *, field: str) -> None:
    _require_places(percent, PERCENT_PLACES, field, "A percentage")
    if not 0 <= percent <= 100:
        raise Invalid("Enter a percentage from 0 to 100.", field=field)
