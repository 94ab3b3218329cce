"""The currency table against ISO 4217 and against what Babel can name."""

import pytest
from babel.numbers import list_currencies

from cornerspot.kit.currency import EXPONENTS, UnknownCurrency, currencies, exponent, is_currency
from cornerspot.kit.errors import Invalid


@pytest.mark.parametrize(
    ("code", "places"),
    [("EUR", 2), ("USD", 2), ("JPY", 0), ("ISK", 0), ("UGX", 0), ("KWD", 3), ("TND", 3)],
)
def test_a_currency_has_the_decimals_that_iso_4217_gives_it(code, places):
    assert exponent(code) == places


@pytest.mark.parametrize(("code", "places"), [("AFN", 2), ("ALL", 2), ("IQD", 3), ("HUF", 2)])
def test_decimals_are_those_of_iso_and_not_the_shorter_ones_of_cldr(code, places):
    assert exponent(code) == places


def test_every_currency_has_zero_two_or_three_decimals():
    assert set(EXPONENTS.values()) == {0, 2, 3}
    assert [list(EXPONENTS.values()).count(places) for places in (0, 2, 3)] == [16, 132, 7]


def test_every_currency_has_a_name_that_babel_can_show():
    assert set(currencies()) <= list_currencies()


def test_currencies_come_in_alphabetical_order_without_duplicates():
    assert list(currencies()) == sorted(set(currencies()))


@pytest.mark.parametrize("code", ["", "eur", "EURO", "DEM", "XAU", "XTS", "CLF", "ZZZ", None, ["E"]])
def test_what_is_not_a_currency_in_use_is_refused_at_its_field(code):
    with pytest.raises(UnknownCurrency) as refusal:
        exponent(code)
    assert isinstance(refusal.value, Invalid)
    assert refusal.value.field == "currency"


def test_only_codes_in_capitals_are_currencies():
    assert is_currency("EUR")
    assert not is_currency("eur")


def test_the_table_cannot_be_changed():
    with pytest.raises(TypeError):
        EXPONENTS["EUR"] = 3
