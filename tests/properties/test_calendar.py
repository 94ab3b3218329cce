"""Days over many zones and ten years: when one begins, what is overdue on it, and what a month is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select

from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.models import Invoice
from cornerspot.billing.statements import statements_of, usual_period
from cornerspot.billing.states import InvoiceStatus
from cornerspot.billing.voiding import void_invoice
from cornerspot.db import session
from cornerspot.db.transaction import transaction
from cornerspot.kit import clock
from cornerspot.reports.aging import BUCKETS
from cornerspot.reports.cashflow import MONTHS, WEEKS, first_of_months
from cornerspot.tenancy import CurrentTeam, team_scope
from tests.factories.billing import new_account, new_draft
from tests.factories.teams import Story
from tests.properties.test_reminder_ladder import FIRST, LAST, ZONES

DAYS = [FIRST + timedelta(days=index) for index in range((LAST - FIRST).days)]
SECOND = timedelta(seconds=1)


def remarkable(zone: str) -> list[date]:
    """The ends of months and years, leap days, and the days around every change of the clocks."""
    local = ZoneInfo(zone)
    noons = {day: datetime(day.year, day.month, day.day, 12, tzinfo=local).utcoffset() for day in DAYS}
    shifts = {day for before, after in pairwise(DAYS) if noons[before] != noons[after] for day in (before, after)}
    return sorted(shifts | {day for day in DAYS if (day + timedelta(days=1)).day == 1})


@pytest.fixture(params=ZONES)
def team(request: pytest.FixtureRequest, app: Flask, story: Story) -> Iterator[CurrentTeam]:
    """The scope of a team in each of the zones."""
    zone: str = request.param
    with app.app_context(), team_scope(replace(story.team, time_zone=zone)) as entered:
        yield entered


def test_an_invoice_is_overdue_from_the_first_second_after_its_due_date(team: CurrentTeam) -> None:
    for due_on in remarkable(team.time_zone):
        invoice = Invoice(
            status=InvoiceStatus.OPEN, due_on=due_on, total_minor=100, paid_minor=0, balance_minor=100, currency="EUR"
        )
        end = clock.end_of(due_on, team.time_zone)
        for at, is_overdue in ((end - SECOND, False), (end, True)):
            with clock.moved_to(at):
                assert invoice.is_overdue(clock.today(team.time_zone)) is is_overdue, (team.time_zone, due_on, at)


def test_days_follow_each_other_without_gap_or_overlap(team: CurrentTeam) -> None:
    for day in remarkable(team.time_zone):
        begins, ends = clock.end_of(day - timedelta(days=1), team.time_zone), clock.end_of(day, team.time_zone)
        assert timedelta(hours=22) <= ends - begins <= timedelta(hours=26)
        for at in (begins, ends - SECOND):
            assert at.astimezone(ZoneInfo(team.time_zone)).date() == day


def test_a_statement_tells_the_day_by_the_apps_calendar_whatever_the_database_knows(app: Flask, story: Story) -> None:
    """Rules of zones change: of this half hour, the calendars of Python and of PostgreSQL give different days."""
    half_past = datetime(2026, 9, 30, 23, 30, tzinfo=UTC)
    with app.app_context(), team_scope(replace(story.team, time_zone="Africa/Casablanca")):
        for at, step in ((half_past - timedelta(days=20), finalize_invoice), (half_past, void_invoice)):
            with clock.moved_to(at), transaction():
                known = session.scalars(select(Invoice)).one_or_none()
                invoice = step(known or new_draft(story.owner, new_account()), by=story.owner) or known
        assert invoice is not None
        assert invoice.account_id is not None
        day = clock.day_of(half_past, "Africa/Casablanca")
        [statement] = statements_of(invoice.account_id, since=day, until=day)
        assert [(row.kind, row.on) for row in statement.movements] == [("void", day)]
        assert (statement.opening_minor, statement.closing_minor) == (20_000, 0)
        for since in (day + timedelta(days=1), date.min, date.max - timedelta(days=30)):
            assert statements_of(invoice.account_id, since=since, until=since + timedelta(days=30)) == []


def test_months_and_weeks_of_reports_fit_together_at_every_months_end() -> None:
    assert [least for least, _ in WEEKS] == [0, *(most + 1 for _, most in WEEKS[:-1])]
    for today in (day for day in DAYS if day.day in (1, 28, 29, 30, 31)):
        firsts = first_of_months(today)
        assert [day.day for day in firsts] == [1] * MONTHS
        assert firsts[-1] == today.replace(day=1)
        assert all((earlier + timedelta(days=31)).replace(day=1) == later for earlier, later in pairwise(firsts))
        for due_on in (today + timedelta(days=shift) for shift in range(-100, 40)):
            assert sum(_within(due_on, bucket.due_dates(today)) for bucket in BUCKETS) == 1


def test_the_usual_period_of_a_statement_begins_three_months_ago_by_the_teams_calendar(team: CurrentTeam) -> None:
    for day in remarkable(team.time_zone):
        with clock.moved_to(clock.end_of(day, team.time_zone) - SECOND):
            since, until = usual_period()
        assert (since.day, until) == (1, day)
        assert (day.year * 12 + day.month) - (since.year * 12 + since.month) == 3


def _within(day: date, limits: tuple[date | None, date | None]) -> bool:
    first, last = limits
    return (first is None or day >= first) and (last is None or day <= last)
