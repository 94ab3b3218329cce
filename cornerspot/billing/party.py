"""The two sides of an invoice as address blocks, in the order their countries write them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from babel import Locale, UnknownLocaleError

# Places that write "city, region postal code" on one line, in this order.
_CITY_FIRST = frozenset("AU BR CA CN HK ID IN JP KR MX NZ PH SG TH TW US VN ZA".split())  # noqa: SIM905
_CODE_ON_ITS_OWN_LINE = frozenset(("GB", "IE"))


@dataclass(frozen=True)
class Party:
    """Seller or customer: ``lines`` are the address, ``display_name`` is the short name."""

    name: str
    display_name: str
    lines: tuple[str, ...]
    tax_id: str
    email: str
    contact: str = ""


def seller_party(copy: Mapping[str, Any], locale: str) -> Party:
    """The team's side; its country is always written."""
    return Party(
        name=copy.get("name", ""),
        display_name=copy.get("display_name") or copy.get("name", ""),
        lines=address_lines(copy, locale),
        tax_id=copy.get("tax_id", ""),
        email=copy.get("email", ""),
    )


def customer_party(copy: Mapping[str, Any], contact: Mapping[str, Any], home_country: str, locale: str) -> Party | None:
    """The customer's side, None on a draft without one; the country is written when it is abroad."""
    if not copy:
        return None
    address = copy.get("address") or {}
    abroad = address.get("country") not in ("", None, home_country)
    return Party(
        name=copy.get("name", ""),
        display_name=copy.get("display_name") or copy.get("name", ""),
        lines=address_lines(address, locale, with_country=abroad),
        tax_id=copy.get("tax_id", ""),
        email=copy.get("email", ""),
        contact=contact.get("name", ""),
    )


def address_lines(address: Mapping[str, Any], locale: str, *, with_country: bool = True) -> tuple[str, ...]:
    """The address line by line, without empty ones."""
    country = str(address.get("country") or "").upper()
    street = str(address.get("street") or "").splitlines()
    code, city, region = (str(address.get(part) or "").strip() for part in ("postal_code", "city", "region"))
    if country in _CITY_FIRST:
        place = [", ".join(filter(None, (city, f"{region} {code}".strip())))]
    elif country in _CODE_ON_ITS_OWN_LINE:
        place = [", ".join(filter(None, (city, region))), code]
    else:
        place = [f"{code} {city}".strip(), region]
    name = country_name(country, locale) if with_country and country else ""
    return tuple(line.strip() for line in (*street, *place, name) if line.strip())


def country_name(code: str, locale: str) -> str:
    """The country's name in a language, or its code where that is not known."""
    try:
        spoken = Locale.parse(locale.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        spoken = Locale("en")
    return str(spoken.territories.get(code, code))
