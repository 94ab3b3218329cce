"""The ladder over many zones and ten years: each step once, at its hour, through every change of the clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cornerspot.billing.reminder_ladder import LASTS, Ladder

HOUR = timedelta(hours=1)
DEFAULT = (-3, 0, 7, 14)
# Half and three-quarter hours, both ends of the day, clocks that change at midnight, by half an
# hour, on other days or not at all, and zones that skipped or repeated a whole day.
ZONES = (
    "Europe/Vienna", "Europe/London", "Europe/Lisbon", "America/New_York", "America/Los_Angeles", "America/St_Johns",
    "America/Sao_Paulo", "America/Santiago", "America/Havana", "America/Asuncion", "America/Nuuk", "Africa/Cairo",
    "Africa/Casablanca", "Asia/Beirut", "Asia/Gaza", "Asia/Tehran", "Asia/Kolkata", "Asia/Kathmandu", "Asia/Tokyo",
    "Asia/Pyongyang", "Australia/Lord_Howe", "Australia/Adelaide", "Pacific/Chatham", "Pacific/Apia",
    "Pacific/Kiritimati", "Pacific/Niue", "Antarctica/Troll", "UTC",
)  # fmt: skip
FIRST, LAST = date(2021, 1, 1), date(2030, 12, 31)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


Down = tuple[datetime, datetime] | None


def walk(ladder: Ladder, due_on: date, *, down: Down = None) -> list[tuple[int, datetime]]:
    """What the worker sends and when, run from before the first step until nothing can be due."""
    now = ladder.step_at(due_on, min(ladder.steps)).replace(minute=10) - timedelta(hours=30)
    end = ladder.step_at(due_on, max(ladder.steps)) + LASTS + 2 * HOUR
    taken: dict[int, datetime] = {}
    while now <= end:
        is_down = down is not None and down[0] <= now < down[1]
        step = None if is_down else ladder.due_step(due_on, LONG_AGO, taken, now)
        if step is not None:
            assert step not in taken
            taken[step] = now
        now += HOUR
    return sorted(taken.items())


@pytest.mark.parametrize("zone", ZONES)
def test_every_step_is_taken_once_within_its_hour_for_ten_years(zone: str) -> None:
    """Due dates around every change of the clocks and every month's end, at hours that may not exist."""
    days = [FIRST + timedelta(days=index) for index in range((LAST - FIRST).days)]
    local = ZoneInfo(zone)
    shifts = [day for day in days if _offset(day, local) != _offset(day + timedelta(days=1), local)]
    ends = [day for day in days if (day + timedelta(days=1)).day == 1]
    for hour in (0, 2, 9):
        ladder = Ladder((0,), hour, zone)
        for day in {*shifts, *(day + timedelta(days=1) for day in shifts), *ends}:
            at = ladder.step_at(day, 0)
            shown = at.astimezone(local)
            skipped = shown.date() != day or shown.hour != hour
            assert not skipped or _is_gap(day, hour, local), (day, hour, shown)
            assert ladder.due_step(day, LONG_AGO, (), at) == 0
            assert ladder.due_step(day, LONG_AGO, (), at - timedelta(seconds=1)) is None
            assert ladder.due_step(day, LONG_AGO, (), at + LASTS) is None
            assert ladder.due_step(day, LONG_AGO, {0}, at) is None


def _offset(day: date, zone: ZoneInfo) -> timedelta | None:
    return datetime(day.year, day.month, day.day, 12, tzinfo=zone).utcoffset()


def _is_gap(day: date, hour: int, zone: ZoneInfo) -> bool:
    """Whether the clocks never show this hour of this day."""
    wanted = datetime(day.year, day.month, day.day, hour, tzinfo=zone)
    return wanted.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != wanted.replace(tzinfo=None)


@pytest.mark.parametrize("zone", ZONES)
def test_the_schedule_at_ten_past_is_within_the_hour_in_every_zone(zone: str) -> None:
    for month in range(1, 13):
        due_on = date(2026, month, 28)
        for step, sent_at in walk(Ladder(DEFAULT, 9, zone), due_on):
            shown = sent_at.astimezone(ZoneInfo(zone))
            assert (shown.date(), shown.hour) == (due_on + timedelta(days=step), 9)


@settings(max_examples=150, deadline=None)
@given(
    zone=st.sampled_from(sorted(available_timezones())),
    due_on=st.dates(FIRST, LAST),
    hour=st.integers(0, 23),
    steps=st.sets(st.integers(-10, 20), min_size=1, max_size=6),
)
def test_a_worker_that_always_runs_takes_each_step_once_and_in_order(
    zone: str, due_on: date, hour: int, steps: set[int]
) -> None:
    ladder = Ladder(tuple(steps), hour, zone)
    sent = walk(ladder, due_on)
    assert [step for step, _ in sent] == sorted(steps)
    for step, at in sent:
        assert timedelta(0) <= at - ladder.step_at(due_on, step) < HOUR


@settings(max_examples=150, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    due_on=st.dates(FIRST, LAST),
    steps=st.sets(st.integers(-5, 15), min_size=1, max_size=6),
    begins=st.integers(-200, 400),
    hours=st.integers(1, 48),
)
def test_a_worker_that_was_down_misses_no_step_but_those_a_newer_one_replaces(
    zone: str, due_on: date, steps: set[int], begins: int, hours: int
) -> None:
    ladder = Ladder(tuple(steps), 9, zone)
    start = ladder.step_at(due_on, 0) + begins * HOUR
    stop = start + hours * HOUR
    sent = dict(walk(ladder, due_on, down=(start, stop)))
    for step in steps:
        newer = [other for other in steps if other > step and ladder.step_at(due_on, other) < stop + HOUR]
        missed = start <= ladder.step_at(due_on, step) + timedelta(minutes=59) and ladder.step_at(due_on, step) < stop
        assert step in sent or (missed and newer), (step, sent)
    assert len(sent) == len(set(sent))


def test_a_step_before_the_customer_had_the_invoice_is_not_taken() -> None:
    ladder = Ladder(DEFAULT, 9, "Europe/Vienna")
    due_on = date(2026, 11, 30)
    sent_at = datetime(2026, 11, 27, 7, tzinfo=UTC)  # The day of the first step, an hour before it.
    nine = datetime(2026, 11, 27, 8, tzinfo=UTC)
    assert ladder.due_step(due_on, sent_at, (), nine) is None
    assert ladder.next_step(due_on, sent_at, (), nine) == datetime(2026, 11, 30, 8, tzinfo=UTC)
    assert ladder.due_step(due_on, sent_at - timedelta(days=1), (), nine) == -3


def test_an_invoice_due_at_the_end_of_time_has_no_step() -> None:
    ladder = Ladder(DEFAULT, 9, "Pacific/Kiritimati")
    assert ladder.due_step(date.max, LONG_AGO, (), datetime(2026, 1, 1, tzinfo=UTC)) is None
    assert ladder.next_step(date.max, LONG_AGO, (), datetime(2026, 1, 1, tzinfo=UTC)) is not None


def test_an_old_invoice_is_not_reminded_of_when_the_ladder_begins() -> None:
    ladder = Ladder(DEFAULT, 9, "Europe/Vienna")
    assert ladder.due_step(date(2025, 1, 1), LONG_AGO, (), datetime(2026, 1, 1, tzinfo=UTC)) is None
    assert ladder.next_step(date(2025, 1, 1), LONG_AGO, (), datetime(2026, 1, 1, tzinfo=UTC)) is None


def test_of_several_missed_steps_only_the_newest_is_due() -> None:
    ladder = Ladder((0, 1, 2), 9, "Europe/Vienna")
    assert ladder.due_step(date(2026, 6, 1), LONG_AGO, (), datetime(2026, 6, 3, 12, tzinfo=UTC)) == 2
    assert ladder.due_step(date(2026, 6, 1), LONG_AGO, {2}, datetime(2026, 6, 3, 13, tzinfo=UTC)) is None
