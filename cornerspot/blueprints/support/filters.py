"""How templates write money, dates and numbers: by the locale of the team or member, in the team's time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_decimal, parse_pattern
from flask import Flask, g, has_request_context
from markupsafe import Markup

from cornerspot.kit import clock
from cornerspot.kit.ids import encode_public_id
from cornerspot.kit.money import Money
from cornerspot.kit.money_text import MINUS, format_money
from cornerspot.payments.choosing import METHOD_NAMES
from cornerspot.portal.sessions import Member
from cornerspot.tenancy.http import team_of_request

NOTHING = "–"
# Dates read the same in every country: day, short month, year.
_DATE, _DATE_OF_THIS_YEAR = "d MMM yyyy", "d MMM"
_NEAR_DAYS = 14


def install(app: Flask) -> None:
    """Give templates the filters below."""
    app.jinja_env.filters.update(
        money=money,
        money_plain=money_plain,
        quantity=quantity,
        unit_price=unit_price,
        percent=percent,
        date=date_text,
        short_date=short_date,
        datetime=datetime_text,
        time=time_text,
        relative_date=relative_date,
        day=day,
        moment=moment,
        plural=plural,
        file_size=file_size,
        initials=initials,
        public_id=public_id,
    )
    app.jinja_env.globals["METHOD_NAMES"] = METHOD_NAMES


def _locale() -> Locale:
    """The member's in the portal; else the team's."""
    member: Member | None = g.get("member") if has_request_context() else None
    team = team_of_request()
    return _parsed_locale((member.locale if member else "") or (team.locale if team else "en"))


@lru_cache(maxsize=256)
def _parsed_locale(name: str) -> Locale:
    """The locale of this name, English for one that nobody knows; a page asks for it at every number."""
    try:
        return Locale.parse(name.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        return Locale("en")


def _zone() -> ZoneInfo:
    team = team_of_request()
    return ZoneInfo(team.time_zone if team else "UTC")


def _today() -> date:
    return clock.today(_zone().key)


def money(minor: int | None, currency: str) -> str:
    """Minor units with the symbol: ``€4,760.00``."""
    return NOTHING if minor is None else format_money(Money(minor, currency), _locale())


def money_plain(minor: int | None, currency: str) -> str:
    """Minor units without the symbol, for columns that name the currency once."""
    if minor is None:
        return NOTHING
    return format_money(Money(minor, currency), _locale(), with_symbol=False)


def quantity(value: Decimal | int | None) -> str:
    """A quantity without idle zeros: ``2``, ``1.5``."""
    return NOTHING if value is None else _decimal(value, "#,##0.####")


def unit_price(value: Decimal | None, currency: str) -> str:
    """A unit price with the currency's decimals, and more where it has them."""
    if value is None:
        return NOTHING
    from cornerspot.kit.currency import exponent

    places = exponent(currency)
    return _decimal(value, "#,##0." + "0" * places + "#" * (6 - places))


def percent(value: Decimal | int | None) -> str:
    """Percent as it is stored: ``19`` is ``19 %``, ``9.975`` is ``9.975 %``."""
    return NOTHING if value is None else f"{_decimal(value, '#,##0.####')}\N{NO-BREAK SPACE}%"


def _decimal(value: Decimal | int, pattern: str) -> str:
    return format_decimal(value, format=_parsed_pattern(pattern), locale=_locale()).replace("-", MINUS)


_parsed_pattern = lru_cache(maxsize=64)(parse_pattern)


def date_text(value: date | datetime | None) -> str:
    """``31 Oct 2026``."""
    return NOTHING if value is None else format_date(_local_date(value), _DATE, locale=_locale())


def short_date(value: date | datetime | None) -> str:
    """``31 Oct``, with the year when it is another one."""
    if value is None:
        return NOTHING
    on = _local_date(value)
    pattern = _DATE_OF_THIS_YEAR if on.year == _today().year else _DATE
    return format_date(on, pattern, locale=_locale())


def datetime_text(value: datetime | None) -> str:
    """``31 Oct 2026, 09:14`` in the team's time zone."""
    if value is None:
        return NOTHING
    return format_datetime(_local(value), f"{_DATE}, HH:mm", locale=_locale())


def time_text(value: datetime | None) -> str:
    """``09:14`` in the team's time zone."""
    return NOTHING if value is None else format_time(_local(value), "HH:mm", locale=_locale())


def relative_date(value: date | datetime | None) -> str:
    """As people say it: ``today``, ``in 9 days``, ``3 days ago``; further away the date."""
    if value is None:
        return NOTHING
    on = _local_date(value)
    days = (on - _today()).days
    near = {0: "today", 1: "tomorrow", -1: "yesterday"}
    if days in near:
        return near[days]
    if abs(days) > _NEAR_DAYS:
        return short_date(on)
    return f"in {days} days" if days > 0 else f"{-days} days ago"


def day(value: date | None) -> Markup | str:
    """A ``<time>`` that says the date as people do and shows the exact one on hover."""
    if value is None:
        return NOTHING
    return _time_tag(value.isoformat(), date_text(value), relative_date(value))


def moment(value: datetime | None) -> Markup | str:
    """A ``<time>`` for a moment: the hour when it was today, else the day; exact on hover."""
    if value is None:
        return NOTHING
    on = _local_date(value)
    shown = short_date(on) if on != _today() else time_text(value)
    if on != _today() and (_today() - on).days <= _NEAR_DAYS:
        shown = f"{shown}, {time_text(value)}"
    return _time_tag(_local(value).isoformat(timespec="seconds"), datetime_text(value), shown)


def _time_tag(machine: str, exact: str, shown: str) -> Markup:
    return Markup('<time datetime="{}" title="{}">{}</time>').format(machine, exact, shown)


def plural(count: int, one: str, many: str | None = None) -> str:
    """``1 invoice``, ``2 invoices``; ``many`` for words that do not just take an s."""
    word = one if count == 1 else many or f"{one}s"
    return f"{_decimal(count, '#,##0')}\N{NO-BREAK SPACE}{word}"


def file_size(size_bytes: int) -> str:
    """How large a file is, as systems show it: ``12 KB``, ``1.4 MB``."""
    if size_bytes < 1_000_000:
        return f"{_decimal(max(size_bytes // 1000, 1), '#,##0')}\N{NO-BREAK SPACE}KB"
    return f"{_decimal(Decimal(size_bytes) / 1_000_000, '#,##0.#')}\N{NO-BREAK SPACE}MB"


def initials(name: str | None) -> str:
    """The first letters of the first and last word: ``Anna Maria Berg`` is ``AB``."""
    words = (name or "").split()
    letters = [words[0][0], words[-1][0]] if len(words) > 1 else [word[0] for word in words]
    return "".join(letters).upper() or "?"


def public_id(id, prefix: str) -> str:  # type: ignore[no-untyped-def]
    """The form of an id that addresses use: ``{{ deal.id | public_id("dea") }}``."""
    return encode_public_id(prefix, id)


def _local(value: datetime) -> datetime:
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    return aware.astimezone(_zone())


def _local_date(value: date | datetime) -> date:
    return _local(value).date() if isinstance(value, datetime) else value
