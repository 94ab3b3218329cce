"""Money as people write and read it, in their own locale.

Digits are always Western ones (tabular in every face we ship), a minus is the true
U+2212, and the decimals are the currency's own.
"""

from __future__ import annotations

import re
import unicodedata
from copy import copy
from decimal import Decimal
from functools import cache

from babel import Locale
from babel.numbers import get_currency_symbol, get_decimal_symbol, get_group_symbol

from cornerspot.kit.currency import exponent
from cornerspot.kit.errors import Invalid
from cornerspot.kit.money import Money, TooManyDecimals, decimals_allowed

MINUS = "\u2212"
_SIGNS = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\ufe63\uff0d" + MINUS, "-") | {"\u2019": "'"})
# Left-to-right and right-to-left marks travel with pasted amounts and mean nothing here.
_MARKS = re.compile("[\u200e\u200f\u061c\u2066-\u2069]")
# More than any amount that fits, grouped and signed; longer text is not an amount.
_LONGEST = 48


def format_money(money: Money, locale: Locale | str, *, with_symbol: bool = True) -> str:
    """The amount by the locale's grouping and pattern, with the currency's decimals.

    Without a symbol for columns that name the currency once in their head.
    """
    spoken = _locale(locale)
    patterns = spoken.currency_formats if with_symbol else spoken.decimal_formats
    # A copy of its own, so that its decimals are this currency's and no other's.
    pattern = copy(patterns["standard" if with_symbol else None])
    pattern.frac_prec = (exponent(money.currency),) * 2
    text: str = pattern.apply(
        money.to_decimal(),
        spoken,
        currency=money.currency if with_symbol else None,
        currency_digits=False,
    )
    symbol = get_currency_symbol(money.currency, locale=spoken)
    if with_symbol and symbol[-1:].isalpha():
        # CLDR asks for a space between a letter and a digit; Babel leaves it out.
        text = re.sub(rf"({re.escape(symbol)})(?=\d)", "\\1\N{NO-BREAK SPACE}", text)
    return text.replace("-", MINUS)


def parse_amount(text: str, currency: str, locale: Locale | str) -> Money:
    """What the person typed, as money; never a guess.

    Takes the locale's own decimal and grouping signs, a leading or trailing minus, and
    the currency's code or symbol around it. Text that the locale reads in no way, or
    only with a misplaced group ("12.50" in German), raises Invalid; so do decimals
    that the currency does not have (TooManyDecimals) and more than fits (AmountTooLarge).
    """
    spoken, places = _locale(locale), exponent(currency)
    number = _bare_number(text, currency, spoken)
    match = _number_pattern(spoken).fullmatch(number)
    if match is None or not match["whole"] + (match["decimals"] or "") or number.count("-") > 1:
        example = format_money(Money(123456, currency), spoken, with_symbol=False)
        raise Invalid(f"Enter an amount like {example}.")
    if len(match["decimals"] or "") > places:
        raise TooManyDecimals(decimals_allowed(currency))
    whole = re.sub(r"\D", "", match["whole"])
    sign = "-" if match["minus"] or match["trailing_minus"] else ""
    return Money.from_decimal(Decimal(f"{sign}{whole or 0}.{match['decimals'] or 0}"), currency)


def parse_decimal(text: str, locale: Locale | str, *, places: int) -> Decimal:
    """What the person typed, as a number with at most ``places`` decimals; raises Invalid."""
    spoken = _locale(locale)
    plain = "".join(str(unicodedata.decimal(char, char)) for char in _plain(text[: _LONGEST + 1]))
    match = _number_pattern(spoken).fullmatch(plain.strip()) if len(text) <= _LONGEST else None
    if match is None or not match["whole"] + (match["decimals"] or "") or plain.count("-") > 1:
        raise Invalid(f"Enter a number like {get_decimal_symbol(spoken).join(('12', '5'))}.")
    decimals = match["decimals"] or ""
    if len(decimals.rstrip("0")) > places:
        raise Invalid(f"Use at most {places} decimals.")
    whole = re.sub(r"\D", "", match["whole"]) or "0"
    if len(whole.lstrip("0")) > 12:
        raise Invalid("This number is too large.")
    sign = "-" if match["minus"] or match["trailing_minus"] else ""
    return Decimal(f"{sign}{whole}.{decimals[:places] or 0}")


def _bare_number(text: str, currency: str, locale: Locale) -> str:
    """The text with plain digits, minus and spaces, without the currency around it."""
    if len(text) > _LONGEST:
        return ""
    plain = "".join(str(unicodedata.decimal(char, char)) for char in _plain(text))
    for name in (currency, get_currency_symbol(currency, locale=locale)):
        plain = _without(plain, _plain(name))
    return plain.strip()


def _without(text: str, name: str) -> str:
    """The text without the name at its start or end, on either side of a minus."""
    around = re.escape(name)
    text = re.sub(rf"^\s*(-?)\s*{around}\s*(-?)", r"\1\2", text, flags=re.IGNORECASE)
    return re.sub(rf"\s*{around}\s*(-?)\s*$", r"\1", text, flags=re.IGNORECASE)


@cache
def _number_pattern(locale: Locale) -> re.Pattern[str]:
    group = re.escape(_plain(get_group_symbol(locale)))
    point = re.escape(_plain(get_decimal_symbol(locale)))
    # Groups of two occur in India: 12,34,567.
    return re.compile(
        rf"(?P<minus>-?) ?(?P<whole>\d{{1,3}}(?:{group}\d{{2,3}})*{group}\d{{3}}|\d*)"
        rf"(?:{point}(?P<decimals>\d*))?(?P<trailing_minus> ?-)?"
    )


def _plain(text: str) -> str:
    """Any space as one space, any minus as a hyphen, any apostrophe as the straight one."""
    text = _MARKS.sub("", text).translate(_SIGNS)
    return re.sub(r"\s+", " ", text)


@cache
def _locale(locale: Locale | str) -> Locale:
    return locale if isinstance(locale, Locale) else Locale.parse(locale.replace("-", "_"))
