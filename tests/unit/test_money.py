"""Money never mixes currencies, never loses a unit, and reads back what it wrote."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cornerspot.kit.currency import UnknownCurrency, currencies
from cornerspot.kit.errors import Invalid
from cornerspot.kit.money import (
    LARGEST_MINOR,
    AmountTooLarge,
    CurrencyMismatch,
    Money,
    TooManyDecimals,
    allocate,
    share_out,
)
from cornerspot.kit.money_text import format_money, parse_amount

NBSP, NARROW = "\u00a0", "\u202f"
# fmt: off
LOCALES = [
    "en_US", "en_GB", "en_IN", "de_DE", "de_CH", "de_AT", "fr_FR", "fr_CH", "es_ES", "es_MX",
    "it_IT", "nl_NL", "sv_SE", "nb_NO", "fi_FI", "pl_PL", "cs_CZ", "pt_BR", "pt_PT", "ja_JP",
    "zh_CN", "ko_KR", "hi_IN", "ar_EG", "ar_KW", "he_IL", "fa_IR", "tr_TR", "ru_RU", "uk_UA",
    "el_GR", "bg_BG", "hu_HU", "vi_VN", "th_TH", "id_ID", "et_EE", "lv_LV",
]
# fmt: on


def eur(minor):
    return Money(minor, "EUR")


class TestArithmetic:
    def test_amounts_of_one_currency_add_subtract_negate_and_compare(self):
        assert eur(150) + eur(250) == eur(400)
        assert eur(150) - eur(250) == eur(-100) == -eur(100)
        assert abs(eur(-5)) == eur(5)
        assert eur(1) < eur(2) <= eur(2) < eur(3)
        assert eur(3) > eur(2) >= eur(2) > eur(1)
        assert max(eur(1), eur(3), eur(2)) == eur(3)

    @pytest.mark.parametrize("name", ["__add__", "__sub__", "__lt__", "__le__", "__gt__", "__ge__"])
    def test_amounts_of_two_currencies_go_together_in_no_way(self, name):
        with pytest.raises(CurrencyMismatch, match="EUR and one in USD"):
            getattr(eur(1), name)(Money(1, "USD"))

    def test_amounts_of_two_currencies_are_never_equal(self):
        assert eur(0) != Money(0, "USD")
        assert len({eur(0), Money(0, "USD"), Money.zero("EUR")}) == 2

    def test_money_goes_together_with_money_only(self):
        with pytest.raises(TypeError):
            eur(1) + 1

    def test_only_nothing_is_false(self):
        assert not Money.zero("EUR")
        assert eur(-1)


class TestMaking:
    @pytest.mark.parametrize("minor", [1.0, True, "1", Decimal(1), None])
    def test_minor_units_are_a_whole_int(self, minor):
        with pytest.raises(TypeError):
            Money(minor, "EUR")

    def test_an_unknown_currency_is_refused(self):
        with pytest.raises(UnknownCurrency):
            Money(1, "eur")

    @pytest.mark.parametrize("minor", [LARGEST_MINOR + 1, -LARGEST_MINOR - 1])
    def test_more_than_a_bigint_is_refused(self, minor):
        assert eur(-LARGEST_MINOR).minor == -LARGEST_MINOR
        with pytest.raises(AmountTooLarge):
            eur(minor)

    @pytest.mark.parametrize(
        ("amount", "currency", "minor"),
        [
            ("12.34", "EUR", 1234),
            ("-0.01", "EUR", -1),
            ("12.3400", "EUR", 1234),
            ("1E+3", "EUR", 100000),
            ("1234", "JPY", 1234),
            ("1.234", "KWD", 1234),
            ("92233720368547758.07", "EUR", LARGEST_MINOR),
            ("0E-100", "EUR", 0),
        ],
    )
    def test_a_decimal_becomes_minor_units(self, amount, currency, minor):
        assert Money.from_decimal(Decimal(amount), currency) == Money(minor, currency)

    @pytest.mark.parametrize(
        ("amount", "currency", "sentence"),
        [
            ("0.001", "EUR", "EUR has 2 decimals. Enter no more than that."),
            ("0.5", "JPY", "JPY has no decimals. Enter a whole amount."),
            ("0.0001", "KWD", "KWD has 3 decimals. Enter no more than that."),
            ("1." + "0" * 80 + "1", "EUR", "EUR has 2 decimals. Enter no more than that."),
            ("1E-999999", "EUR", "EUR has 2 decimals. Enter no more than that."),
        ],
    )
    def test_decimals_that_the_currency_lacks_are_refused(self, amount, currency, sentence):
        with pytest.raises(TooManyDecimals, match=sentence):
            Money.from_decimal(Decimal(amount), currency)

    @pytest.mark.parametrize("amount", ["92233720368547758.08", "1E+999999", "-1E+18"])
    def test_a_decimal_that_does_not_fit_is_refused(self, amount):
        with pytest.raises(AmountTooLarge):
            Money.from_decimal(Decimal(amount), "EUR")

    @pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity", "-Infinity"])
    def test_what_is_no_number_is_no_money(self, amount):
        with pytest.raises(Invalid, match="Enter an amount as a number"):
            Money.from_decimal(Decimal(amount), "EUR")

    @pytest.mark.parametrize(
        ("minor", "currency", "text"),
        [(5, "EUR", "0.05"), (-1234, "EUR", "-12.34"), (5, "JPY", "5"), (5, "KWD", "0.005")],
    )
    def test_a_decimal_shows_exactly_the_currencys_places(self, minor, currency, text):
        assert str(Money(minor, currency).to_decimal()) == text

    @given(st.integers(-LARGEST_MINOR, LARGEST_MINOR), st.sampled_from(currencies()))
    def test_to_decimal_and_back_is_the_same_money(self, minor, currency):
        money = Money(minor, currency)
        assert Money.from_decimal(money.to_decimal(), currency) == money


class TestAllocating:
    @pytest.mark.parametrize(
        ("total", "weights", "parts"),
        [
            (100, [1, 1, 1], [34, 33, 33]),
            (-100, [1, 1, 1], [-34, -33, -33]),
            (5, [3, 7], [1, 4]),  # 1.5 and 3.5: a tie, and the larger weight has it
            (5, [7, 3], [4, 1]),
            (10, [0, 3, 0], [0, 10, 0]),
            (1, [0, 1, 1], [0, 1, 0]),
            (0, [1, 2], [0, 0]),
            (2, [1, 1, 1, 1, 1], [1, 1, 0, 0, 0]),
        ],
    )
    def test_parts_go_by_largest_remainder(self, total, weights, parts):
        assert allocate(total, weights) == parts
        assert eur(total).allocate(weights) == tuple(map(eur, parts))

    @pytest.mark.parametrize("weights", [[], [0], [0, 0], [1, -1], [2, -1]])
    def test_weights_that_say_nothing_are_refused(self, weights):
        with pytest.raises(ValueError, match="weights"):
            allocate(10, weights)

    def test_floors_that_are_no_floors_are_refused(self):
        with pytest.raises(ValueError, match="floors"):
            share_out(10, [1, 1], lambda i: i)
        with pytest.raises(ValueError, match="floors"):
            share_out(1, [1, 1], lambda i: i)

    @given(
        st.integers(-LARGEST_MINOR, LARGEST_MINOR),
        st.lists(st.integers(0, 10**12), min_size=1, max_size=30).filter(any),
    )
    def test_parts_add_up_and_are_within_one_unit_of_exact(self, total, weights):
        parts = allocate(total, weights)
        assert sum(parts) == total
        for part, weight in zip(parts, weights, strict=True):
            assert abs(part * sum(weights) - total * weight) < sum(weights)
            assert weight or part == 0
            assert part * total >= 0


class TestWriting:
    @pytest.mark.parametrize(
        ("minor", "currency", "locale", "text"),
        [
            (123456789, "EUR", "en_US", "€1,234,567.89"),
            (-123456789, "EUR", "en-US", "−€1,234,567.89"),
            (123456, "EUR", "de_DE", f"1.234,56{NBSP}€"),
            (-123456, "EUR", "de", f"−1.234,56{NBSP}€"),
            (123456, "EUR", "fr_FR", f"1{NARROW}234,56{NBSP}€"),
            (1234, "JPY", "en_US", "¥1,234"),
            (1234, "KWD", "en_US", f"KWD{NBSP}1.234"),
            (123456700, "INR", "en_IN", "₹12,34,567.00"),
            (100, "HUF", "en_US", f"HUF{NBSP}1.00"),
            (0, "USD", "en_US", "$0.00"),
            (LARGEST_MINOR, "USD", "en_US", "$92,233,720,368,547,758.07"),
        ],
    )
    def test_an_amount_is_written_the_locales_way(self, minor, currency, locale, text):
        assert format_money(Money(minor, currency), locale) == text

    @pytest.mark.parametrize(
        ("minor", "currency", "text"),
        [(-123456, "EUR", "−1.234,56"), (-1234, "JPY", "−1.234"), (1, "KWD", "0,001")],
    )
    def test_a_column_shows_amounts_without_the_symbol(self, minor, currency, text):
        assert format_money(Money(minor, currency), "de", with_symbol=False) == text

    def test_digits_are_western_in_every_locale(self):
        assert "1,234.56" in format_money(eur(123456), "ar_EG")


class TestReading:
    @pytest.mark.parametrize(
        ("text", "currency", "locale", "minor"),
        [
            ("1234.5", "EUR", "en_US", 123450),
            ("1,234.50", "EUR", "en_US", 123450),
            (" 1.234,50 ", "EUR", "de_DE", 123450),
            ("1.234", "EUR", "de_DE", 123400),
            ("1 234,50", "EUR", "fr_FR", 123450),
            (f"1{NBSP}234,50", "EUR", "fr_FR", 123450),
            ("1'234.50", "CHF", "de_CH", 123450),
            ("12,34,567", "INR", "en_IN", 123456700),
            (".5", "EUR", "en_US", 50),
            ("5.", "EUR", "en_US", 500),
            ("€ 12.50", "EUR", "en_US", 1250),
            ("12.50 eur", "EUR", "en_US", 1250),
            ("-€12.50", "EUR", "en_US", -1250),
            ("€ -12.50", "EUR", "en_US", -1250),
            ("12.50-", "EUR", "en_US", -1250),
            ("−12.50", "EUR", "en_US", -1250),
            ("\u200f١٢.٥٠", "EUR", "ar_EG", 1250),
            ("１２３", "JPY", "ja_JP", 123),
        ],
    )
    def test_what_people_type_is_understood(self, text, currency, locale, minor):
        assert parse_amount(text, currency, locale) == Money(minor, currency)

    @pytest.mark.parametrize(
        ("text", "locale"),
        [
            ("", "en"),
            (" ", "en"),
            ("€", "en"),
            (".", "en"),
            ("-", "en"),
            ("12.50", "de"),  # a German point groups: this is neither 12,50 nor 1.250
            ("1,5", "en"),
            ("1,2345", "en"),
            ("1.234.5", "de"),
            ("12,34,56", "en_IN"),
            ("--5", "en"),
            ("-5-", "en"),
            ("1e5", "en"),
            ("NaN", "en"),
            ("5²", "en"),
            ("½", "en"),
            ("$5", "de"),
            ("5 5", "en"),
            ("<b>5</b>", "en"),
            ("😀", "en"),
            ("9" * 5000, "en"),
        ],
    )
    def test_what_could_mean_two_things_or_nothing_is_refused(self, text, locale):
        with pytest.raises(Invalid, match="Enter an amount like 1"):
            parse_amount(text, "EUR", locale)

    @pytest.mark.parametrize(("text", "currency"), [("1.500", "EUR"), ("1.0", "JPY")])
    def test_more_decimals_than_the_currency_has_are_refused(self, text, currency):
        with pytest.raises(TooManyDecimals):
            parse_amount(text, currency, "en")

    def test_an_amount_that_does_not_fit_is_refused(self):
        with pytest.raises(AmountTooLarge):
            parse_amount("9" * 30, "EUR", "en")

    @given(
        st.integers(-LARGEST_MINOR, LARGEST_MINOR),
        st.sampled_from(currencies()),
        st.sampled_from(LOCALES),
        st.booleans(),
    )
    def test_what_is_written_can_be_read_back(self, minor, currency, locale, with_symbol):
        money = Money(minor, currency)
        text = format_money(money, locale, with_symbol=with_symbol)
        assert "-" not in text
        assert parse_amount(text, currency, locale) == money
