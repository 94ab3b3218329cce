"""How templates write money, dates and numbers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import uuid4

import pytest

from cornerspot.blueprints.support import filters
from cornerspot.kit import clock
from cornerspot.tenancy.context import CurrentTeam, Scope, bound

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def team(**values: str) -> CurrentTeam:
    given = dict.fromkeys(CurrentTeam.__dataclass_fields__, "")
    given |= {"currency": "EUR", "time_zone": "Europe/Vienna", "locale": "en"}
    return CurrentTeam(**given | {"id": uuid4()} | values)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def in_vienna() -> Iterator[None]:
    with bound(Scope(team=team())), clock.moved_to(NOON):
        yield


def test_money_has_the_decimals_of_its_currency_and_a_true_minus() -> None:
    assert filters.money(476000, "EUR") == "€4,760.00"
    assert filters.money(1234, "JPY") == "¥1,234"
    assert filters.money_plain(-4760, "EUR") == "\N{MINUS SIGN}47.60"
    assert filters.money(None, "EUR") == "–"


def test_money_follows_the_locale_of_the_team() -> None:
    with bound(Scope(team=team(locale="de-AT"))):
        assert filters.money_plain(476000, "EUR").endswith("760,00")


def test_quantities_lose_idle_zeros_and_unit_prices_keep_the_cents() -> None:
    assert filters.quantity(Decimal("2.0000")) == "2"
    assert filters.quantity(Decimal("-1.2500")) == "\N{MINUS SIGN}1.25"
    assert filters.unit_price(Decimal("100.000000"), "EUR") == "100.00"
    assert filters.unit_price(Decimal("0.012500"), "EUR") == "0.0125"
    assert filters.unit_price(Decimal("100"), "JPY") == "100"
    assert filters.percent(Decimal("9.975000")) == "9.975\N{NO-BREAK SPACE}%"


@pytest.mark.parametrize(
    ("on", "said"),
    [
        (date(2026, 11, 21), "today"),
        (date(2026, 11, 22), "tomorrow"),
        (date(2026, 11, 30), "in 9 days"),
        (date(2026, 11, 20), "yesterday"),
        (date(2026, 11, 18), "3 days ago"),
        (date(2026, 10, 31), "31 Oct"),
        (date(2025, 10, 31), "31 Oct 2025"),
    ],
)
def test_near_dates_are_said_as_people_do(on: date, said: str) -> None:
    assert filters.relative_date(on) == said


def test_a_late_moment_falls_on_the_next_day_of_the_team() -> None:
    late = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    assert filters.date_text(late) == "21 Nov 2026"
    assert filters.datetime_text(late) == "21 Nov 2026, 00:30"
    assert 'title="21 Nov 2026, 00:30"' in filters.moment(late)


def test_a_time_tag_escapes_nothing_it_should_not_and_shows_the_exact_date_on_hover() -> None:
    assert filters.day(date(2026, 11, 30)) == '<time datetime="2026-11-30" title="30 Nov 2026">in 9 days</time>'
    assert filters.day(None) == "–"


def test_numbers_of_things_are_real_plurals() -> None:
    assert filters.plural(1, "invoice") == "1\N{NO-BREAK SPACE}invoice"
    assert filters.plural(1200, "company", "companies") == "1,200\N{NO-BREAK SPACE}companies"


def test_initials_are_those_of_the_first_and_last_word() -> None:
    assert filters.initials("Anna Maria Berg") == "AB"
    assert filters.initials("acme") == "A"
    assert filters.initials("") == "?"
