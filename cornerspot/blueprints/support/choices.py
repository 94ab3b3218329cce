"""Countries, currencies, languages and time zones to choose from, by their names."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

from babel import Locale
from babel.core import get_global
from babel.numbers import get_territory_currencies
from wtforms.fields.choices import SelectChoice

from cornerspot.kit.currency import currencies, is_currency

_ENGLISH = Locale("en")
_NO_COUNTRIES = {"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"}
LOCALES = {
    "en": "English (1,234.50)",
    "en-GB": "English, United Kingdom (1,234.50)",
    "en-US": "English, United States (1,234.50)",
    "de": "German (1.234,50)",
    "de-AT": "German, Austria (1 234,50)",
    "de-CH": "German, Switzerland (1’234.50)",
    "fr": "French (1 234,50)",
    "fr-CA": "French, Canada (1 234,50)",
    "es": "Spanish (1.234,50)",
    "it": "Italian (1.234,50)",
    "nl": "Dutch (1.234,50)",
    "pt": "Portuguese (1.234,50)",
    "sv": "Swedish (1 234,50)",
    "pl": "Polish (1 234,50)",
    "ja": "Japanese (1,234.50)",
}


@cache
def country_choices() -> list[SelectChoice]:
    """Code and English name of every country, by name."""
    names = _ENGLISH.territories
    codes = [
        code
        for code in get_global("territory_currencies")
        if len(code) == 2 and code.isalpha() and code in names.keys() - _NO_COUNTRIES
    ]
    return sorted((SelectChoice(code, names[code]) for code in codes), key=lambda choice: choice.label)


@cache
def currency_choices() -> list[SelectChoice]:
    """Code and name of every currency in use, the frequent ones first."""
    first = ["EUR", "USD", "GBP", "CHF", "CAD", "AUD", "JPY"]
    rest = [code for code in currencies() if code in _ENGLISH.currencies and code not in first]
    return [SelectChoice(code, f"{code} – {_ENGLISH.currencies[code]}") for code in [*first, *rest]]


@cache
def time_zone_choices() -> list[SelectChoice]:
    """Every zone by its place."""
    zones = sorted(
        zone
        for zone in available_timezones()
        if "/" in zone and not zone.startswith(("Etc/", "SystemV/", "posix/", "right/", "US/"))
    )
    return [SelectChoice("UTC"), *(SelectChoice(zone, zone.replace("_", " ")) for zone in zones)]


def locale_choices() -> list[SelectChoice]:
    """How numbers and dates are written."""
    return [SelectChoice(code, label) for code, label in LOCALES.items()]


def after_nothing(choices: list[SelectChoice]) -> list[SelectChoice]:
    """The same choices after an empty one, so that nothing is chosen by oversight."""
    return [SelectChoice("", "Choose…"), *choices]


@cache
def currency_by_country() -> str:
    """``AT:EUR US:USD …``: what people in a country usually count in, for suggesting it in the browser."""
    usual: dict[str, list[str]] = {code.value: get_territory_currencies(code.value) for code in country_choices()}
    return " ".join(f"{country}:{found[0]}" for country, found in usual.items() if found and is_currency(found[0]))
