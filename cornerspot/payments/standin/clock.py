"""The stand-in's own time: the real one with an offset, or frozen and moved by tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cornerspot.kit import clock as kit_clock

SATURDAY = 5


class Clock:
    """Tells the time in whole seconds, as Stripe does; ``frozen_at`` None means real time."""

    def __init__(self, frozen_at: datetime | None = None, offset: timedelta = timedelta()) -> None:
        if frozen_at is not None and frozen_at.tzinfo is None:
            raise ValueError("The clock takes timezone-aware moments only.")
        self.frozen_at, self.offset = frozen_at, offset

    def now(self) -> datetime:
        """The present moment in UTC."""
        return self.frozen_at or kit_clock.now() + self.offset

    def seconds(self) -> int:
        """The present moment in Unix seconds."""
        return int(self.now().timestamp())

    def of_callers(self, seconds: int) -> int:
        """A moment that a caller named, in this time: callers live in the real one, also after days were added here."""
        return seconds + int(self.offset.total_seconds())

    def move_to(self, seconds: int) -> None:
        """It is that moment now; time never runs backwards."""
        ahead = timedelta(seconds=max(0.0, seconds - self.now().timestamp()))
        if self.frozen_at is not None:
            self.frozen_at += ahead
        else:
            self.offset += ahead


def wall_seconds() -> int:
    """Real time, whatever the stand-in's clock says: signatures are checked against the receiver's clock."""
    return int(datetime.now(UTC).timestamp())


def business_days_later(seconds: int, days: int) -> int:
    """The same time of day, that many days from Monday to Friday later."""
    moment = datetime.fromtimestamp(seconds, UTC)
    while days:
        moment += timedelta(days=1)
        days -= moment.weekday() < SATURDAY
    return int(moment.timestamp())


def months_later(seconds: int, months: int) -> int:
    """The same day of a later month, or its last day when it is shorter."""
    moment = datetime.fromtimestamp(seconds, UTC)
    year, month = divmod(moment.month - 1 + months, 12)
    first_of_next = datetime(moment.year + year + (month == 11), (month + 1) % 12 + 1, 1, tzinfo=UTC)
    last_day = (first_of_next - timedelta(days=1)).day
    return int(moment.replace(year=moment.year + year, month=month + 1, day=min(moment.day, last_day)).timestamp())
