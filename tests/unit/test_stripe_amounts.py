"""Amounts as Stripe writes them, by its list and not by ISO's: right to the unit, or refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cornerspot.kit.currency import UnknownCurrency, currencies, exponent
from cornerspot.kit.money import Money
from cornerspot.payments.stripe_amounts import (
    LEAST,
    THREE_DECIMAL,
    WHOLE_IN_HUNDREDTHS,
    ZERO_DECIMAL,
    NotPayableOnline,
    from_stripe,
    least_payable,
    most_payable,
    require_payable,
    to_stripe,
)


@pytest.mark.parametrize(
    ("minor", "currency", "units"),
    [
        (1050, "EUR", 1050),
        (1050, "USD", 1050),
        (500, "JPY", 500),
        (5120, "KWD", 5120),
        (5, "ISK", 500),  # No decimals by ISO, two at Stripe.
        (5, "UGX", 500),
        (500, "MGA", 5),  # Two decimals by ISO, none at Stripe.
        (5120, "IQD", 512),  # Three by ISO, two at Stripe.
        (1050, "HUF", 1050),
        (1050, "TWD", 1050),
        (0, "EUR", 0),
        (-1050, "EUR", -1050),
        (-5, "ISK", -500),
    ],
)
def test_an_amount_goes_there_and_back(minor, currency, units):
    assert to_stripe(Money(minor, currency)) == units
    assert from_stripe(units, currency.lower()) == Money(minor, currency)


@pytest.mark.parametrize(
    ("minor", "currency", "says"),
    [
        (5124, "KWD", "steps of 0.010"),
        (550, "MGA", "steps of 1.00"),
        (5121, "IQD", "steps of 0.010"),
    ],
)
def test_what_is_finer_than_stripe_takes_is_refused_and_never_rounded(minor, currency, says):
    with pytest.raises(NotPayableOnline, match=says) as refusal:
        to_stripe(Money(minor, currency))
    assert refusal.value.field == "amount"


@pytest.mark.parametrize(("units", "currency"), [(501, "isk"), (550, "ugx")])
def test_what_is_finer_than_we_can_keep_is_refused(units, currency):
    with pytest.raises(NotPayableOnline):
        from_stripe(units, currency)


def test_a_currency_we_do_not_know_is_not_guessed_at():
    with pytest.raises(UnknownCurrency):
        from_stripe(100, "xts")


@given(st.sampled_from(currencies()), st.integers(-(10**12), 10**12))
def test_every_currency_comes_back_as_it_went(currency, steps):
    step = {0: 1, 2: 1, 3: 10}[exponent(currency)]
    money = Money(steps * (100 if currency == "MGA" else step), currency)
    assert from_stripe(to_stripe(money), currency.lower()) == money


@pytest.mark.parametrize("currency", currencies())
def test_the_decimal_value_is_the_same_on_both_sides(currency):
    places = 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2
    assert from_stripe(12_300, currency).to_decimal() == Decimal(12_300).scaleb(-places)


@pytest.mark.parametrize("currency", currencies())
def test_least_and_most_can_be_charged_and_what_lies_beyond_cannot(currency):
    least, most = least_payable(currency), most_payable(currency)
    require_payable(least)
    require_payable(most)
    with pytest.raises(NotPayableOnline):
        require_payable(Money(most.minor * 10, currency))
    with pytest.raises(NotPayableOnline):
        require_payable(Money.zero(currency))


@pytest.mark.parametrize(("minor", "currency"), [(49, "USD"), (29, "GBP"), (49, "JPY"), (17_499, "HUF")])
def test_too_little_says_what_the_least_is(minor, currency):
    with pytest.raises(NotPayableOnline, match="is the least"):
        require_payable(Money(minor, currency))


def test_the_lists_do_not_overlap():
    assert not ZERO_DECIMAL & THREE_DECIMAL
    assert not WHOLE_IN_HUNDREDTHS & (ZERO_DECIMAL | THREE_DECIMAL)
    assert set(LEAST) <= set(currencies())
