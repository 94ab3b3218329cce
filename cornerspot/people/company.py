"""The team as a company: what its documents print, and the money and time it counts in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from zoneinfo import available_timezones

from babel import Locale, UnknownLocaleError
from stdnum import get_cc_module

from cornerspot.db.locks import lock
from cornerspot.kit.currency import is_currency
from cornerspot.kit.errors import Invalid, StaleVersion
from cornerspot.people.actors import Actor
from cornerspot.people.emails import require_email
from cornerspot.people.permissions import Permission
from cornerspot.tenancy.models import Team


@dataclass(frozen=True)
class Company:
    """Everything about a team that its admins may change."""

    name: str
    legal_name: str
    street: str
    postal_code: str
    city: str
    region: str
    country: str
    tax_id: str
    email: str
    time_zone: str
    currency: str
    locale: str


def company_of(team: Team) -> Company:
    """The team's company as it is stored."""
    return Company(**{name: getattr(team, name) for name in Company.__dataclass_fields__})


def update_company(team: Team, company: Company, *, version: int, by: Actor) -> None:
    """The team's company is as given; documents already sent keep what they say.

    Raises Invalid naming the field, StaleVersion when somebody saved since ``version``.
    """
    by.require(Permission.MANAGE_SETTINGS)
    values = _checked(company)
    lock(team)
    if team.version != version:
        raise StaleVersion(changes=_differences(asdict(company_of(team)), values))
    for name, value in values.items():
        setattr(team, name, value)
    team.version += 1


def looks_like_tax_id(tax_id: str, country: str) -> bool:
    """Whether the number has the form and check digits of the country's tax id.

    True where we know no rule: an odd number is worth a warning, never a refusal.
    """
    rule = get_cc_module(country.lower(), "vat") or get_cc_module(country.lower(), "tin")
    return rule is None or bool(rule.is_valid(tax_id))


def _checked(company: Company) -> dict[str, str]:
    values: dict[str, str] = {name: text.strip() for name, text in asdict(company).items()}
    if not values["name"]:
        raise Invalid("Enter the name of your company.", field="name")
    values["legal_name"] = values["legal_name"] or values["name"]
    if values["email"]:
        values["email"] = require_email(values["email"])
    if values["time_zone"] not in available_timezones():
        raise Invalid("Choose a time zone from the list.", field="time_zone")
    if not is_currency(values["currency"]):
        raise Invalid("Choose a currency from the list.", field="currency")
    if len(values["country"]) != 2 or not values["country"].isupper():
        raise Invalid("Choose a country from the list.", field="country")
    _require_locale(values["locale"])
    return values


def _require_locale(locale: str) -> None:
    try:
        Locale.parse(locale, sep="-")
    except (ValueError, UnknownLocaleError) as error:
        raise Invalid("Choose a language from the list.", field="locale") from error


def _differences(theirs: Mapping[str, str], yours: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    return {name: (theirs[name], yours[name]) for name in yours if theirs[name] != yours[name]}
