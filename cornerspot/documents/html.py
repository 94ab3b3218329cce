"""Templates for paper and mail: a Jinja environment without the web, with amounts and dates by locale."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from cornerspot.kit.currency import exponent
from cornerspot.kit.money import Money
from cornerspot.kit.money_text import MINUS, format_money

TEMPLATES = Path(__file__).parents[1] / "templates"
UNIT_PRICE_PLACES = 6
_RIGHT_TO_LEFT = frozenset(("R", "AL"))
_KANA, _HANGUL = re.compile("[\u3040-\u30ff\u31f0-\u31ff]"), re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]")
_ISOLATE, _END = "\u2068", "\u2069"


def render_template(name: str, *, locale: str, **values: Any) -> str:
    """The template's text; amounts, numbers and dates as the locale writes them."""
    spoken = Locale.parse(locale.replace("-", "_"))
    return (
        _environment()
        .get_template(name)
        .render(
            locale=spoken,
            han=han_forms(spoken),
            money=lambda minor, currency: format_money(Money(minor, currency), spoken),
            bare=lambda minor, currency: format_money(Money(minor, currency), spoken, with_symbol=False),
            unit_price=lambda price, currency: unit_price_text(price, currency, spoken),
            number=lambda value: number_text(value, spoken),
            percent=lambda value: percent_text(value, spoken),
            day=lambda value: day_text(value, spoken),
            **values,
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(("html", "svg")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["isolated"] = isolated
    environment.filters["lettering"] = lettering
    return environment


def number_text(value: Decimal, locale: Locale) -> str:
    """A quantity: up to four decimals, no trailing zeros."""
    return format_decimal(value.normalize(), format="#,##0.####", locale=locale, numbering_system="latn").replace(
        "-", MINUS
    )


def unit_price_text(price: Decimal, currency: str, locale: Locale) -> str:
    """A price per unit: the currency's decimals, more only where the price has more."""
    places = exponent(currency)
    pattern = "#,##0." + "0" * places + "#" * (UNIT_PRICE_PLACES - places)
    return format_decimal(price, format=pattern, locale=locale, numbering_system="latn").replace("-", MINUS)


def percent_text(value: Decimal, locale: Locale) -> str:
    """A percentage: 19%, 9.975%, in the locale's form."""
    pattern = locale.percent_formats[None].pattern.replace("#,##0", "#,##0.######")
    text = format_decimal(value.normalize(), format="#,##0.######", locale=locale, numbering_system="latn")
    return pattern.partition(";")[0].replace("#,##0.######", text)


def day_text(value: date, locale: Locale) -> str:
    """A date in words, never two numbers that can be confused: 3 Mar 2026."""
    return format_date(value, format="medium", locale=locale)


def text_direction(text: str) -> str:
    """``rtl`` for text whose first letter is of a script written from right to left."""
    for letter in text:
        kind = unicodedata.bidirectional(letter)
        if kind in _RIGHT_TO_LEFT:
            return "rtl"
        if kind == "L":
            return "ltr"
    return "ltr"


def isolated(text: str, always: bool = False) -> str:
    """The text with each row in its own direction, and nothing around it turned by it.

    Without, the percentage after a tax's Arabic name moves to the other side of the name. Rows
    without a letter from right to left stay as they are, unless ``always``.
    """
    if not always and not any(unicodedata.bidirectional(letter) in _RIGHT_TO_LEFT for letter in text):
        return text
    return "\n".join(f"{_ISOLATE}{row}{_END}" if row else row for row in text.splitlines())


def lettering(text: str) -> str:
    """The text's classes: its direction, and ``jp`` or ``kr`` where it shows whose forms of Han letters it means."""
    forms = " jp" if _KANA.search(text) else " kr" if _HANGUL.search(text) else ""
    return text_direction(text) + forms


def han_forms(locale: Locale) -> str:
    """The class of the forms that Han letters have where the locale is spoken: jp, kr, tc, or "" for simplified."""
    if locale.language == "zh":
        return "tc" if locale.script == "Hant" or locale.territory in ("TW", "HK", "MO") else ""
    return {"ja": "jp", "ko": "kr"}.get(locale.language, "")
