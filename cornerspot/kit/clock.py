"""The only reader of the clock, so that tests and the demo can move it.

Moments are timezone-aware UTC; dates are computed in the team's own zone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_moved: ContextVar[datetime | None] = ContextVar("clock_moved_to", default=None)


def now() -> datetime:
    """The present moment in UTC."""
    return _moved.get() or datetime.now(UTC)


def today(zone: str) -> date:
    """The calendar date it is now in an IANA time zone such as ``Europe/Vienna``."""
    return day_of(now(), zone)


def day_of(moment: datetime, zone: str) -> date:
    """The calendar date that a moment falls on in a time zone."""
    return moment.astimezone(ZoneInfo(zone)).date()


def end_of(day: date, zone: str) -> datetime:
    """The moment, in UTC, at which a day ends in a time zone, and the next begins."""
    return datetime.combine(day + timedelta(days=1), time.min, ZoneInfo(zone)).astimezone(UTC)


@contextmanager
def moved_to(moment: datetime) -> Iterator[None]:
    """Hold the clock at a moment inside the block (tests, demo data)."""
    if moment.tzinfo is None:
        raise ValueError("The clock takes timezone-aware moments only.")
    token = _moved.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _moved.reset(token)
