"""Documents reckoned by hand: each case carries its arithmetic.

Amounts are in minor units; ``D("33.33")`` is a price in major units.
"""

from dataclasses import replace
from decimal import Decimal

import pytest

from cornerspot.catalog.amounts import (
    ConflictingTax,
    DiscountSpec,
    DocumentSpec,
    LineSpec,
    TaxSpec,
    compute_totals,
)
from cornerspot.kit.currency import UnknownCurrency
from cornerspot.kit.errors import Invalid
from cornerspot.kit.money import LARGEST_MINOR, AmountTooLarge

D = Decimal

GST = TaxSpec("gst", "GST", D(5))
QST = TaxSpec("qst", "QST", D("9.975"))
VAT_7 = TaxSpec("vat7", "VAT", D(7))
VAT_19 = TaxSpec("vat19", "VAT", D(19))
VAT_20 = TaxSpec("vat20", "VAT", D(20))


def percent(value):
    return DiscountSpec(f"{value} %", percent=D(value))


def fixed(minor):
    return DiscountSpec("Fixed", amount_minor=minor)


def line(quantity, unit_price, *taxes, off=()):
    return LineSpec(D(quantity), D(unit_price), discounts=tuple(off), taxes=taxes)


def totals_of(*lines, currency="EUR", off=(), taxes=(), inclusive=False):
    return compute_totals(DocumentSpec(currency, lines, tuple(off), tuple(taxes), inclusive))


def summary(totals):
    return (totals.subtotal_minor, totals.discount_minor, totals.tax_minor, totals.total_minor)


def taxes(totals):
    return [(row.name, row.base_minor, row.tax_minor) for row in totals.tax_breakdown]


def nets(totals):
    return [each.net_minor for each in totals.lines]


def taxables(totals):
    return [each.taxable_minor for each in totals.lines]


class TestTaxesOnTop:
    def test_quebec_puts_both_taxes_on_the_price_and_none_on_the_other(self):
        # 100.00 × 5 % = 5.00; 100.00 × 9.975 % = 9.975 → 9.98; together 114.98.
        totals = totals_of(line(1, "100", GST, QST), currency="CAD")
        assert summary(totals) == (10000, 0, 1498, 11498)
        assert taxes(totals) == [("GST", 10000, 500), ("QST", 10000, 998)]

    def test_three_lines_at_33_33_with_ten_percent_off_each(self):
        # 33.33 − 3.333 = 29.997 → 30.00 a line; 90.00 × 19 % = 17.10.
        totals = totals_of(*[line(1, "33.33", VAT_19, off=[percent(10)])] * 3)
        assert summary(totals) == (9999, 999, 1710, 10710)
        assert nets(totals) == [3000, 3000, 3000]

    def test_three_lines_at_33_33_with_ten_percent_off_the_document(self):
        # 99.99 × 10 % = 9.999 → 10.00, as 3.34 + 3.33 + 3.33; 89.99 × 19 % = 17.0981 → 17.10.
        totals = totals_of(*[line(1, "33.33", VAT_19)] * 3, off=[percent(10)])
        assert summary(totals) == (9999, 1000, 1710, 10709)
        assert [each.document_discount_minor for each in totals.lines] == [334, 333, 333]
        assert taxables(totals) == [2999, 3000, 3000]

    def test_tax_is_rounded_once_per_rate_and_not_per_line(self):
        # 3 × 0.07 = 0.21; 0.21 × 7 % = 0.0147 → 0.01, where three rounded 0.0049 make 0.00.
        totals = totals_of(*[line(1, "0.07", VAT_7)] * 3)
        assert taxes(totals) == [("VAT", 21, 1)]

    def test_mixed_rates_have_a_row_each_in_order_of_percent(self):
        # 19 %: 50.00 + 10.01 = 60.01 → 11.4019 → 11.40; 7 %: 20.50 → 1.435 → 1.44; 5.00 untaxed.
        totals = totals_of(line(5, "10", VAT_19), line(1, "20.50", VAT_7), line(1, "10.01", VAT_19), line(1, "5"))
        assert summary(totals) == (8551, 0, 1284, 9835)
        assert taxes(totals) == [("VAT", 2050, 144), ("VAT", 6001, 1140)]

    def test_a_document_tax_applies_to_all_lines_beside_their_own(self):
        # GST on 100.00 + 50.00 → 7.50; QST on 100.00 only → 9.975 → 9.98.
        totals = totals_of(line(1, "100", QST), line(1, "50"), taxes=[GST], currency="CAD")
        assert taxes(totals) == [("GST", 15000, 750), ("QST", 10000, 998)]

    def test_the_same_tax_on_line_and_document_counts_once(self):
        # 19 % of 100.00 + 50.00 = 28.50, and not 19.00 more.
        totals = totals_of(line(1, "100", VAT_19, VAT_19), line(1, "50"), taxes=[VAT_19])
        assert taxes(totals) == [("VAT", 15000, 2850)]

    def test_a_document_taxs_base_is_the_subtotal_after_all_discounts(self):
        # 100.00 − 20.00 (line) = 80.00 − 5.00 (document) = 75.00; × 20 % = 15.00.
        totals = totals_of(line(1, "100", off=[percent(20)]), off=[fixed(500)], taxes=[VAT_20])
        assert summary(totals) == (10000, 2500, 1500, 9000)
        assert taxes(totals) == [("VAT", 7500, 1500)]

    def test_a_rate_of_zero_still_shows_its_base(self):
        totals = totals_of(line(1, "100", TaxSpec("z", "Zero rated", D(0))))
        assert taxes(totals) == [("Zero rated", 10000, 0)]

    def test_half_a_cent_of_tax_goes_up(self):
        # 0.10 × 5 % = 0.005 → 0.01; −0.10 × 5 % = −0.005 → −0.01.
        assert taxes(totals_of(line(1, "0.10", GST))) == [("GST", 10, 1)]
        assert taxes(totals_of(line(-1, "0.10", GST))) == [("GST", -10, -1)]


class TestLines:
    def test_a_net_is_rounded_once_and_not_after_the_price(self):
        # 1 × 0.005 = 0.005 → gross 0.01; less 50 % = 0.0025 → net 0.00: all of it is discount.
        totals = totals_of(line(1, "0.005", off=[percent(50)]))
        assert summary(totals) == (1, 1, 0, 0)

    @pytest.mark.parametrize(
        ("quantity", "price", "net"),
        [
            (1, "0.005", 1),  # a half goes up
            (1, "0.015", 2),  # also where bankers would go to the even 2
            (1, "0.025", 3),  # and where they would go down to 2
            (1, "0.004999", 0),
            (-1, "0.005", -1),  # the credit mirrors the line it takes back
            (-1, "0.025", -3),
        ],
    )
    def test_half_a_cent_goes_away_from_zero(self, quantity, price, net):
        assert nets(totals_of(line(quantity, price))) == [net]

    def test_four_decimals_of_quantity_times_six_of_price_are_exact(self):
        # 1.2345 × 0.123456 = 0.1524 → 0.15; 1234.5678 × 987.654321 = 1219326.2222373638,
        # which is 1,219,326.22 in euros and 1,219,326.222 in dinars.
        wide = line("1234.5678", "987.654321")
        assert nets(totals_of(line("1.2345", "0.123456"), wide)) == [15, 121932622]
        assert nets(totals_of(wide, currency="KWD")) == [1219326222]

    def test_discounts_of_a_line_go_in_order_without_rounding_between(self):
        # 9.99 − 10 % = 8.991 − 1.00 = 7.991 − 5 % = 7.59145 → 7.59.
        totals = totals_of(line(1, "9.99", off=[percent(10), fixed(100), percent(5)]))
        assert summary(totals) == (999, 240, 0, 759)
        # 9.99 − 1.00 = 8.99 − 10 % = 8.091 → 8.09: another order, another amount.
        assert nets(totals_of(line(1, "9.99", off=[fixed(100), percent(10)]))) == [809]

    def test_a_fixed_discount_above_its_line_takes_the_line_and_no_more(self):
        totals = totals_of(line(2, "3.50", VAT_19, off=[fixed(10_000)]), line(1, "1", VAT_19))
        assert summary(totals) == (800, 700, 19, 119)

    def test_a_quantity_of_zero_comes_to_nothing(self):
        totals = totals_of(line(0, "100", VAT_19, off=[fixed(500), percent(10)]))
        assert summary(totals) == (0, 0, 0, 0)
        assert taxes(totals) == [("VAT", 0, 0)]

    def test_a_credit_line_lowers_subtotal_and_tax(self):
        # 100.00 − 1 × 20.00 = 80.00; × 19 % = 15.20.
        totals = totals_of(line(1, "100", VAT_19), line(-1, "20", VAT_19))
        assert summary(totals) == (8000, 0, 1520, 9520)

    def test_a_discount_on_a_credit_line_lowers_the_credit(self):
        # −20.00 less 10 % = −18.00; −20.00 less 5.00 = −15.00; less 50.00 = 0.00.
        assert nets(totals_of(line(-1, "20", off=[percent(10)]))) == [-1800]
        assert nets(totals_of(line(-1, "20", off=[fixed(500)]))) == [-1500]
        assert nets(totals_of(line(-1, "20", off=[fixed(5000)]))) == [0]

    def test_a_document_without_lines_comes_to_nothing(self):
        assert summary(totals_of(off=[percent(10), fixed(5)], taxes=[VAT_19])) == (0, 0, 0, 0)


class TestDocumentDiscounts:
    def test_each_discount_takes_from_what_the_former_left(self):
        # 200.00 − 10 % (20.00) = 180.00 − 30.00 = 150.00 − 5 % (7.50) = 142.50.
        totals = totals_of(line(1, "200"), off=[percent(10), fixed(3000), percent(5)])
        assert [each.amount_minor for each in totals.document_discounts] == [2000, 3000, 750]
        assert summary(totals) == (20000, 5750, 0, 14250)
        # 200.00 − 30.00 = 170.00 − 10 % (17.00) = 153.00 − 5 % (7.65) = 145.35.
        other = totals_of(line(1, "200"), off=[fixed(3000), percent(10), percent(5)])
        assert [each.amount_minor for each in other.document_discounts] == [3000, 1700, 765]

    def test_a_percent_is_rounded_once_half_up(self):
        # 0.25 × 10 % = 0.025 → 0.03.
        assert totals_of(line(1, "0.25"), off=[percent(10)]).document_discount_minor == 3

    def test_a_fixed_discount_above_its_base_takes_the_base_and_no_more(self):
        # 30.00 + 12.00 = 42.00; 50.00 off takes 42.00, and nothing is left for the next.
        totals = totals_of(line(3, "10", VAT_19), line(1, "12", VAT_7), off=[fixed(5000), fixed(100)])
        assert [each.amount_minor for each in totals.document_discounts] == [4200, 0]
        assert summary(totals) == (4200, 4200, 0, 0)
        assert taxables(totals) == [0, 0]

    @pytest.mark.parametrize("inclusive", [False, True])
    def test_a_hundred_percent_leaves_nothing_and_no_tax(self, inclusive):
        totals = totals_of(
            line(3, "33.33", VAT_19),
            line(1, "7.77", GST, QST),
            off=[percent(100)],
            inclusive=inclusive,
        )
        assert summary(totals) == (10776, 10776, 0, 0)
        assert {row.base_minor for row in totals.tax_breakdown} == {0}

    def test_shares_go_by_net_and_odd_cents_to_the_largest_remainder(self):
        # 10.00 over 70.00, 20.00 and 10.01 of 100.01: 6.9993, 1.9998, 1.0009
        # → 6.99 + 1.99 + 1.00 and two cents left for remainders .98 and .93.
        totals = totals_of(line(1, "70"), line(1, "20"), line(1, "10.01"), off=[fixed(1000)])
        assert [each.document_discount_minor for each in totals.lines] == [700, 200, 100]

    def test_a_credit_line_gives_back_its_part_of_the_discount(self):
        # 100.00 − 20.00 = 80.00; 10 % = 8.00, as 10.00 off the one and 2.00 off the credit.
        totals = totals_of(line(1, "100", VAT_19), line(-1, "20", VAT_7), off=[percent(10)])
        assert [each.document_discount_minor for each in totals.lines] == [1000, -200]
        # 90.00 × 19 % = 17.10; −18.00 × 7 % = −1.26.
        assert taxes(totals) == [("VAT", -1800, -126), ("VAT", 9000, 1710)]
        assert summary(totals) == (8000, 800, 1584, 8784)

    def test_lines_that_cancel_each_other_leave_nothing_to_discount(self):
        totals = totals_of(line(1, "100"), line(-1, "100"), off=[fixed(500), percent(10)])
        assert summary(totals) == (0, 0, 0, 0)
        assert taxables(totals) == [10000, -10000]

    def test_a_document_below_zero_is_the_mirror_of_its_positive(self):
        # −50.00 less 10 % = −45.00; × 19 % = −8.55. The caller refuses it by is_negative.
        totals = totals_of(line(-1, "50", VAT_19), off=[percent(10)])
        assert summary(totals) == (-5000, -500, -855, -5355)
        assert totals.is_negative
        assert not totals_of(line(0, "50")).is_negative

    def test_which_rate_bears_an_odd_cent_does_not_hang_on_the_order_of_lines(self):
        # 0.05 off two lines of 0.50 is 2.5 cents each: the tie goes by tax and not by place.
        lines = [line(1, "0.50", VAT_7), line(1, "0.50", VAT_19)]
        one, other = (totals_of(*each, off=[fixed(5)]) for each in (lines, lines[::-1]))
        assert one.tax_breakdown == other.tax_breakdown
        assert [row.base_minor for row in one.tax_breakdown] == [48, 47]


class TestInclusivePrices:
    def test_the_total_stays_what_was_quoted(self):
        # 119.00 ÷ 1.19 = 100.00, so 19.00 is tax.
        totals = totals_of(line(1, "119", VAT_19), inclusive=True)
        assert summary(totals) == (11900, 0, 1900, 11900)
        assert totals.net_total_minor == 10000
        assert taxes(totals) == [("VAT", 10000, 1900)]

    def test_base_and_tax_add_up_where_the_division_does_not_come_out_even(self):
        # 99.99 × 19 ÷ 119 = 15.96479 → 15.96; 99.99 − 15.96 = 84.03.
        totals = totals_of(line(3, "33.33", VAT_19), inclusive=True)
        assert taxes(totals) == [("VAT", 8403, 1596)]
        assert totals.total_minor == 9999

    def test_two_taxes_on_one_price_are_taken_out_together(self):
        # 114.975 would be 100.00 net. 114.98 × 5 ÷ 114.975 = 5.00022 → 5.00;
        # × 9.975 ÷ 114.975 = 9.97543 → 9.98; net 114.98 − 14.98 = 100.00.
        totals = totals_of(line(1, "114.98", GST, QST), currency="CAD", inclusive=True)
        assert taxes(totals) == [("GST", 10000, 500), ("QST", 10000, 998)]
        assert (totals.total_minor, totals.net_total_minor) == (11498, 10000)

    def test_mixed_rates_are_taken_out_of_their_own_lines(self):
        # 19 %: 50.00 × 19 ÷ 119 = 7.98319 → 7.98; 7 %: 20.00 × 7 ÷ 107 = 1.30841 → 1.31.
        totals = totals_of(line(1, "50", VAT_19), line(1, "20", VAT_7), line(1, "5"), inclusive=True)
        assert taxes(totals) == [("VAT", 1869, 131), ("VAT", 4202, 798)]
        assert (totals.total_minor, totals.net_total_minor) == (7500, 6571)

    def test_a_tax_that_two_kinds_of_line_share_is_one_row(self):
        # GST: 100.00 × 5 ÷ 105 = 4.7619 and 100.00 × 5 ÷ 114.975 = 4.3488, sum 9.1107 → 9.11.
        # QST: 100.00 × 9.975 ÷ 114.975 = 8.67580 → 8.68.
        # GST parts 4.76 + 4.35 → bases 95.24 and 100.00 − 4.35 − 8.68 = 86.97.
        totals = totals_of(line(1, "100", GST), line(1, "100", QST, GST), currency="CAD", inclusive=True)
        assert taxes(totals) == [("GST", 9524 + 8697, 911), ("QST", 8697, 868)]
        assert totals.net_total_minor == 20000 - 911 - 868

    def test_discounts_come_off_the_quoted_price(self):
        # 119.00 − 10 % = 107.10 − 7.10 = 100.00; × 19 ÷ 119 = 15.96639 → 15.97.
        totals = totals_of(line(1, "119", VAT_19, off=[percent(10)]), off=[fixed(710)], inclusive=True)
        assert summary(totals) == (11900, 1900, 1597, 10000)

    def test_the_same_tax_twice_is_taken_out_once(self):
        # 119.00 × 19 ÷ 119 = 19.00, and not × 19 ÷ 157.
        totals = totals_of(line(1, "119", VAT_19, VAT_19), taxes=[VAT_19], inclusive=True)
        assert taxes(totals) == [("VAT", 10000, 1900)]

    def test_a_credit_line_takes_its_tax_back(self):
        # (119.00 − 11.90) × 19 ÷ 119 = 17.10.
        totals = totals_of(line(1, "119", VAT_19), line(-1, "11.90", VAT_19), inclusive=True)
        assert summary(totals) == (10710, 0, 1710, 10710)


class TestCurrencies:
    def test_yen_have_no_decimals(self):
        # 3 × 333 = 999; × 10 % = 99.9 → 100. 0.5 of 333 = 166.5 → 167.
        consumption = TaxSpec("jct", "JCT", D(10))
        assert summary(totals_of(line(3, "333", consumption), currency="JPY")) == (
            999,
            0,
            100,
            1099,
        )
        assert nets(totals_of(line("0.5", "333"), currency="JPY")) == [167]

    def test_dinars_have_three(self):
        # 3 × 1.2345 = 3.7035 → 3.704; × 5 % = 0.1852 → 0.185.
        assert summary(totals_of(line(3, "1.2345", GST), currency="KWD")) == (3704, 0, 185, 3889)

    def test_an_unknown_currency_is_refused(self):
        with pytest.raises(UnknownCurrency):
            totals_of(line(1, "1"), currency="XXX")


class TestRefusals:
    @pytest.mark.parametrize(
        ("quantity", "price", "field"),
        [
            ("0.00001", "1", "quantity"),
            ("1E-999999", "1", "quantity"),
            ("NaN", "1", "quantity"),
            ("Infinity", "1", "quantity"),
            ("1", "0.0000001", "unit_price"),
            ("1", "sNaN", "unit_price"),
            ("1", "-0.01", "unit_price"),
        ],
    )
    def test_numbers_of_a_line_are_refused_at_their_field(self, quantity, price, field):
        with pytest.raises(Invalid) as refusal:
            line(quantity, price)
        assert refusal.value.field == field

    def test_zeros_behind_the_allowed_decimals_do_no_harm(self):
        assert nets(totals_of(line("1.000000", "2.50000000"), line("0E-20", "0E+50"))) == [250, 0]

    @pytest.mark.parametrize("value", ["-1", "100.01", "NaN", "0.0000001"])
    def test_a_percentage_is_from_0_to_100(self, value):
        with pytest.raises(Invalid):
            percent(value)
        with pytest.raises(Invalid):
            TaxSpec("t", "Tax", D(value))

    def test_a_discount_is_a_percentage_or_an_amount(self):
        for wrong in ({}, {"percent": D(1), "amount_minor": 1}, {"amount_minor": -1}):
            with pytest.raises(Invalid) as refusal:
                DiscountSpec("Wrong", **wrong)
            assert refusal.value.field == "discounts"

    def test_one_tax_with_two_rates_is_refused(self):
        with pytest.raises(ConflictingTax, match="two different rates"):
            totals_of(line(1, "1", VAT_19), line(1, "1", replace(VAT_19, percent=D(16))))

    def test_a_renamed_tax_is_still_one_tax_whatever_the_order(self):
        lines = [line(1, "1", VAT_19), line(1, "1", replace(VAT_19, name="USt"))]
        for order in (lines, lines[::-1]):
            assert taxes(totals_of(*order)) == [("USt", 200, 38)]

    def test_more_than_a_bigint_is_refused(self):
        most = D(LARGEST_MINOR).scaleb(-2)
        assert totals_of(line(1, most)).total_minor == LARGEST_MINOR
        for lines in (
            [line(1, most), line(1, "0.01")],  # the sum
            [line(2, most)],  # the line
            [line(2, most), line(-2, most)],  # a line within a sum that fits
            [line("1E+18", "1E+18")],
            [line(1, most, GST)],  # the tax on top
        ):
            with pytest.raises(AmountTooLarge):
                totals_of(*lines)
        with pytest.raises(AmountTooLarge) as refusal:
            line("1E+999999", "1")
        assert refusal.value.field == "quantity"
