"""The ladder of reminders: which step is due when, in the team's own time. Pure arithmetic.

A step is a number of days from the due date: −3 is three days before it, 0 the day
itself. It is due at an hour of that day in the team's zone, and stays due until the
next step is, but for three days at most: whoever was down for a day sends it late,
and an invoice that was forgotten for a year is not reminded of out of the blue.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LASTS = timedelta(days=3)


@dataclass(frozen=True)
class Ladder:
    """A team's steps, as days from the due date, and the hour they are due at in its zone."""

    steps: tuple[int, ...]
    hour: int
    zone: str

    def step_at(self, due_on: date, days: int) -> datetime:
        """The moment, in UTC, a step is due.

        An hour that the clocks skip that day is the one they show instead; of an hour
        they show twice it is the first.
        """
        local = datetime.combine(due_on + timedelta(days=days), time(self.hour), ZoneInfo(self.zone))
        return local.astimezone(UTC)

    def due_step(self, due_on: date, sent_at: datetime, taken: Collection[int], now: datetime) -> int | None:
        """The step to take now, None when there is none; of several that were missed only the newest."""
        begun = [days for days in self._possible(due_on, sent_at) if self.step_at(due_on, days) <= now]
        if not begun or begun[-1] in taken or now - self.step_at(due_on, begun[-1]) >= LASTS:
            return None
        return begun[-1]

    def next_step(self, due_on: date, sent_at: datetime, taken: Collection[int], now: datetime) -> datetime | None:
        """When the next step will be due, in UTC; now, if one is."""
        if self.due_step(due_on, sent_at, taken, now) is not None:
            return now
        moments = (self.step_at(due_on, days) for days in self._possible(due_on, sent_at) if days not in taken)
        return next((moment for moment in moments if moment > now), None)

    def _possible(self, due_on: date, sent_at: datetime) -> Sequence[int]:
        """The steps after the day on which the customer got the invoice, in order of time."""
        sent_on = sent_at.astimezone(ZoneInfo(self.zone)).date()
        room = date.max.toordinal() - due_on.toordinal() - 1
        return [days for days in sorted(set(self.steps)) if days < room and due_on + timedelta(days=days) > sent_on]
