"""What holds for every document, whatever is on it.

The exact amounts that results are measured against are reckoned here again in
fractions, by other means than the module's own.
"""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import groupby

from hypothesis import assume, given
from hypothesis import strategies as st

from cornerspot.catalog.amounts import (
    DiscountSpec,
    DocumentSpec,
    LineSpec,
    TaxSpec,
    compute_totals,
    round_half_up,
)

HALF = Fraction(1, 2)
EXPONENTS = {"JPY": 0, "EUR": 2, "KWD": 3}


def decimals(lowest, highest, places):
    return st.integers(lowest * 10**places, highest * 10**places).map(lambda units: Decimal(units).scaleb(-places))


percents = st.one_of(
    st.sampled_from(["0", "5", "7", "9.975", "19", "20", "33.333333", "100"]).map(Decimal),
    decimals(0, 100, 3),
)
TAXES = {
    key: TaxSpec(key, key.upper(), Decimal(percent))
    for key, percent in {"a": "5", "b": "9.975", "c": "19", "d": "7", "e": "0"}.items()
}
taxes = st.lists(st.sampled_from(sorted(TAXES)), max_size=3).map(lambda keys: tuple(TAXES[key] for key in keys))
discounts = st.lists(
    st.one_of(
        percents.map(lambda percent: DiscountSpec("Percent", percent=percent)),
        st.integers(0, 30_000).map(lambda minor: DiscountSpec("Fixed", amount_minor=minor)),
    ),
    max_size=3,
).map(tuple)
quantities = st.one_of(st.integers(-3, 5).map(Decimal), decimals(-10, 100, 4))
prices = st.one_of(st.sampled_from(["0.5", "33.33", "0.005"]).map(Decimal), decimals(0, 500, 6))
lines = st.builds(LineSpec, quantities, prices, discounts, taxes)
documents = st.builds(
    DocumentSpec,
    st.sampled_from(sorted(EXPONENTS)),
    st.lists(lines, max_size=8).map(tuple),
    discounts,
    taxes,
    st.booleans(),
)


def keys_of(document, line):
    return {tax.key for tax in (*document.taxes, *line.taxes)}


def rate(key):
    return Fraction(TAXES[key].percent) / 100


def exact_taxes(document, totals):
    """The unrounded tax of each rate on the taxable amounts of its lines."""
    exact = {}
    for line, result in zip(document.lines, totals.lines, strict=True):
        keys = keys_of(document, line)
        contained = 1 + sum(map(rate, keys)) if document.prices_include_tax else 1
        for key in keys:
            tax = result.taxable_minor * rate(key) / contained
            exact[key] = exact.get(key, Fraction()) + tax
    return exact


def without_lines(totals):
    return replace(totals, lines=())


@given(documents)
def test_totals_are_made_of_their_parts(document):
    totals = compute_totals(document)
    added = 0 if document.prices_include_tax else totals.tax_minor
    assert totals.subtotal_minor - totals.discount_minor + added == totals.total_minor
    assert totals.net_total_minor + totals.tax_minor == totals.total_minor
    assert totals.tax_minor == sum(row.tax_minor for row in totals.tax_breakdown)
    assert totals.document_discount_minor == sum(discount.amount_minor for discount in totals.document_discounts)
    for name, part in [
        ("subtotal_minor", "gross_minor"),
        ("line_discount_minor", "discount_minor"),
        ("document_discount_minor", "document_discount_minor"),
    ]:
        assert getattr(totals, name) == sum(getattr(line, part) for line in totals.lines)


@given(documents)
def test_a_line_is_its_exact_amount_rounded_once(document):
    unit = 10 ** EXPONENTS[document.currency]
    for line, result in zip(document.lines, compute_totals(document).lines, strict=True):
        exact = Fraction(line.quantity) * Fraction(line.unit_price) * unit
        assert result.gross_minor == round_half_up(exact)
        for discount in line.discounts:
            if discount.percent is not None:
                exact *= 1 - Fraction(discount.percent) / 100
            else:
                left = max(abs(exact) - discount.amount_minor, 0)
                exact = left if exact > 0 else -left
        assert result.net_minor == round_half_up(exact)
        assert result.gross_minor - result.discount_minor == result.net_minor
        assert result.net_minor - result.document_discount_minor == result.taxable_minor


@given(documents)
def test_no_discount_turns_the_sign_of_a_line_or_goes_above_its_base(document):
    totals = compute_totals(document)
    for line in totals.lines:
        for before, after in [
            (line.gross_minor, line.net_minor),
            (line.net_minor, line.taxable_minor),
        ]:
            assert before * after >= 0
            assert abs(after) <= abs(before)
    net = sum(line.net_minor for line in totals.lines)
    assert abs(totals.document_discount_minor) <= abs(net)
    assert totals.document_discount_minor * net >= 0


@given(documents)
def test_shares_of_a_document_discount_are_within_one_unit_of_proportion(document):
    totals = compute_totals(document)
    net = sum(line.net_minor for line in totals.lines)
    for line in totals.lines:
        exact = Fraction(totals.document_discount_minor * line.net_minor, net) if net else 0
        assert abs(line.document_discount_minor - exact) < 1


@given(documents)
def test_each_document_discount_works_on_what_the_former_left(document):
    totals = compute_totals(document)
    left = sum(line.net_minor for line in totals.lines)
    for spec, result in zip(document.discounts, totals.document_discounts, strict=True):
        if spec.percent is not None:
            assert abs(result.amount_minor - left * Fraction(spec.percent) / 100) <= HALF
        else:
            assert abs(result.amount_minor) == min(spec.amount_minor, abs(left))
        left -= result.amount_minor


@given(documents)
def test_the_tax_of_a_rate_is_within_half_a_unit_of_exact(document):
    totals = compute_totals(document)
    exact = exact_taxes(document, totals)
    for row in totals.tax_breakdown:
        assert row.tax_minor == round_half_up(exact.pop(row.key, Fraction()))
        assert (row.name, row.percent) == (TAXES[row.key].name, TAXES[row.key].percent)
    assert not exact


@given(documents)
def test_bases_are_what_was_quoted_less_the_taxes_in_it(document):
    totals = compute_totals(document)
    bases = {row.key: row.base_minor for row in totals.tax_breakdown}
    if not document.prices_include_tax:
        for key, base in bases.items():
            assert base == sum(
                result.taxable_minor
                for line, result in zip(document.lines, totals.lines, strict=True)
                if key in keys_of(document, line)
            )
    elif all(len(keys_of(document, line)) == 1 for line in document.lines) and document.lines:
        assert sum(bases.values()) == totals.net_total_minor
        for row in totals.tax_breakdown:
            assert abs(row.base_minor * rate(row.key) - row.tax_minor) <= HALF * (1 + rate(row.key))


@given(documents, st.randoms(use_true_random=False))
def test_totals_and_breakdown_do_not_hang_on_the_order_of_lines_and_taxes(document, random):
    def shuffled(items):
        return tuple(random.sample(items, len(items)))

    other = replace(
        document,
        lines=shuffled([replace(line, taxes=shuffled(line.taxes)) for line in document.lines]),
        taxes=shuffled(document.taxes),
    )
    assert without_lines(compute_totals(other)) == without_lines(compute_totals(document))


@given(documents, st.randoms(use_true_random=False))
def test_lines_of_the_same_net_and_taxes_share_alike_in_any_order(document, random):
    def shares(ordered):
        results = compute_totals(replace(document, lines=ordered)).lines
        return sorted(
            (sorted(keys_of(document, line)), result.net_minor, result.taxable_minor)
            for line, result in zip(ordered, results, strict=True)
        )

    assert shares(tuple(random.sample(document.lines, len(document.lines)))) == shares(document.lines)


@given(documents)
def test_equal_lines_bear_shares_that_differ_by_one_at_most(document):
    totals = compute_totals(document)
    by_net = sorted((line.net_minor, line.document_discount_minor) for line in totals.lines)
    for _, group in groupby(by_net, key=lambda pair: pair[0]):
        shares = [share for _, share in group]
        assert max(shares) - min(shares) <= 1


@given(documents)
def test_the_opposite_quantities_come_to_the_opposite_amounts(document):
    credit = replace(
        document,
        lines=tuple(replace(line, quantity=-line.quantity) for line in document.lines),
    )
    here, there = compute_totals(document), compute_totals(credit)
    for name in ("subtotal", "line_discount", "document_discount", "total"):
        assert getattr(there, f"{name}_minor") == -getattr(here, f"{name}_minor")
    assert [row.tax_minor for row in there.tax_breakdown] == [-row.tax_minor for row in here.tax_breakdown]
    assert there.net_total_minor == -here.net_total_minor


@given(documents, st.integers(2, 50))
def test_the_same_line_many_times_is_that_line_times_many(document, times):
    assume(document.lines)
    one = compute_totals(replace(document, lines=document.lines[:1], discounts=()))
    many = compute_totals(replace(document, lines=document.lines[:1] * times, discounts=()))
    assert many.subtotal_minor == one.subtotal_minor * times
    assert many.line_discount_minor == one.line_discount_minor * times
    for row, single in zip(many.tax_breakdown, one.tax_breakdown, strict=True):
        # Rounded once on the whole: nearer to exact than any sum of rounded taxes.
        assert abs(row.tax_minor - single.tax_minor * times) <= HALF * (times + 1)


@given(documents)
def test_an_amount_without_taxes_is_the_same_inclusive_and_exclusive(document):
    bare = replace(
        document,
        taxes=(),
        lines=tuple(replace(line, taxes=()) for line in document.lines),
    )
    one, other = (compute_totals(replace(bare, prices_include_tax=way)) for way in (True, False))
    assert replace(one, prices_include_tax=False) == other


@given(
    st.sampled_from(sorted(EXPONENTS)),
    st.integers(0, 10**9),
    st.lists(st.sampled_from(sorted(TAXES)), min_size=1, max_size=2, unique=True),
)
def test_a_total_with_tax_entered_again_as_inclusive_has_the_same_taxes(currency, net, keys):
    """Holds for one and two rates; three roundings together may move a unit."""
    places = EXPONENTS[currency]

    def document(minor, *, inclusive):
        line = LineSpec(Decimal(1), Decimal(minor).scaleb(-places))
        rates = tuple(TAXES[key] for key in keys)
        return compute_totals(DocumentSpec(currency, (line,), (), rates, inclusive))

    added = document(net, inclusive=False)
    contained = document(added.total_minor, inclusive=True)
    assert contained.tax_breakdown == added.tax_breakdown
    assert contained.total_minor == added.total_minor
    assert contained.net_total_minor == net


@given(documents)
def test_a_hundred_percent_off_leaves_nothing(document):
    free = DiscountSpec("Free", percent=Decimal(100))
    totals = compute_totals(replace(document, discounts=(*document.discounts, free)))
    assert totals.total_minor == totals.tax_minor == 0 or totals.document_discount_minor == 0
    assert sum(line.taxable_minor for line in totals.lines) == 0


@given(documents)
def test_amounts_hang_on_the_currency_only_by_its_unit(document):
    """A price in yen is the same count of units as a hundredth of it in euros."""
    assume(all(line.unit_price == round(line.unit_price, 4) for line in document.lines))
    in_yen = compute_totals(replace(document, currency="JPY"))
    in_cents = compute_totals(
        replace(
            document,
            currency="EUR",
            lines=tuple(replace(line, unit_price=line.unit_price.scaleb(-2)) for line in document.lines),
        )
    )
    assert replace(in_cents, currency="JPY") == in_yen
