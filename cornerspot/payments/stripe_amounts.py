"""Amounts as Stripe writes them: one function each way, by Stripe's list of decimals and not by ISO's.

Nothing is rounded. What Stripe cannot say is refused, before anybody is sent to pay it.
Source: docs.stripe.com/currencies.
"""

from __future__ import annotations

from fractions import Fraction

from cornerspot.kit.currency import exponent
from cornerspot.kit.errors import Invalid
from cornerspot.kit.money import Money

_ZERO = "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF"
ZERO_DECIMAL = frozenset(_ZERO.split())
THREE_DECIMAL = frozenset(("BHD", "JOD", "KWD", "OMR", "TND"))
# UGX stands on Stripe's list without decimals too, and sent like that charges a hundredth of the sum.
WHOLE_IN_HUNDREDTHS = frozenset(("ISK", "UGX"))

# In Stripe's units. Where none is named, Stripe converts 0.50 USD, and its refusal is the first we hear.
LEAST = {
    "AED": 200, "AUD": 50, "BRL": 50, "CAD": 50, "CHF": 50, "CZK": 1500, "DKK": 250, "EUR": 50, "GBP": 30,
    "HKD": 400, "HUF": 17500, "INR": 50, "JPY": 50, "MXN": 1000, "MYR": 200, "NOK": 300, "NZD": 50, "PLN": 200,
    "RON": 200, "SEK": 300, "SGD": 50, "THB": 1000, "USD": 50,
}  # fmt: skip
EIGHT_DIGITS, TEN_DIGITS, TWELVE_DIGITS = 99_999_999, 9_999_999_999, 999_999_999_999
LARGEST = {"CLP": TEN_DIGITS, "COP": TEN_DIGITS, "HUF": TEN_DIGITS, "IDR": TWELVE_DIGITS}


class NotPayableOnline(Invalid):
    """The amount cannot be charged by Stripe: too fine, too little or too much."""


def to_stripe(amount: Money) -> int:
    """The amount in Stripe's units; raises NotPayableOnline where it is finer than Stripe takes."""
    units = Fraction(amount.minor * _factor(amount.currency), 10 ** exponent(amount.currency))
    step = _step(amount.currency)
    if units.denominator != 1 or units.numerator % step:
        finest = from_stripe(step, amount.currency).to_decimal()
        raise NotPayableOnline(
            f"Stripe takes {amount.currency} in steps of {finest}, and {amount.to_decimal()} is not one of them.",
            field="amount",
        )
    return units.numerator


def from_stripe(units: int, currency: str) -> Money:
    """The money that Stripe's whole number means, its currency in either case.

    Raises NotPayableOnline for what is finer than we can keep, UnknownCurrency.
    """
    code = currency.upper()
    minor = Fraction(units * 10 ** exponent(code), _factor(code))
    if minor.denominator != 1:
        raise NotPayableOnline(f"{units} of {code} at Stripe is finer than its smallest unit.")
    return Money(minor.numerator, code)


def least_payable(currency: str) -> Money:
    """The smallest amount Stripe takes; one step where it names none."""
    return from_stripe(LEAST.get(currency, _step(currency)), currency)


def most_payable(currency: str) -> Money:
    """The largest amount Stripe takes at once."""
    most = LARGEST.get(currency, EIGHT_DIGITS)
    return from_stripe(most - most % _coarsest(currency), currency)


def require_payable(amount: Money) -> None:
    """Pass when Stripe can charge it; raises NotPayableOnline with what to do."""
    to_stripe(amount)
    least, most = least_payable(amount.currency), most_payable(amount.currency)
    if amount < least:
        raise NotPayableOnline(
            f"{least.to_decimal()} {least.currency} is the least that can be paid online.", field="amount"
        )
    if amount > most:
        raise NotPayableOnline(
            f"{most.to_decimal()} {most.currency} is the most that can be paid online at once.", field="amount"
        )


def _factor(currency: str) -> int:
    """How many of Stripe's units one whole unit of the currency has."""
    if currency in ZERO_DECIMAL:
        return 1
    return 1000 if currency in THREE_DECIMAL else 100


def _step(currency: str) -> int:
    """Stripe takes multiples of this, in its units."""
    if currency in THREE_DECIMAL:
        return 10
    return 100 if currency in WHOLE_IN_HUNDREDTHS else 1


def _coarsest(currency: str) -> int:
    """Stripe's step, or our smallest unit in Stripe's units where that is larger."""
    return max(_step(currency), _factor(currency) // 10 ** exponent(currency))
