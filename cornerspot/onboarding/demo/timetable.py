"""The year of a demo team: acts at their moments, played in order, and none from the future."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from cornerspot.db import session
from cornerspot.kit import clock

Act = Callable[[], object]
SATURDAY = 5


class Timetable:
    """Acts that wait for their moment; an act may put further acts on the timetable.

    What would happen after now is left out: an invoice whose payment lies ahead
    stays open, and is overdue once its day has passed.
    """

    def __init__(self, time_zone: str, *, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - the same year each time, nothing secret
        self.now = clock.now()
        self._zone = ZoneInfo(time_zone)
        self._order = itertools.count()
        self._acts: list[tuple[datetime, int, Act]] = []

    @property
    def today(self) -> date:
        return self.now.astimezone(self._zone).date()

    def days_ago(self, days: float) -> datetime:
        """A moment in business hours on a working day about so many days ago."""
        return self.on(self.today - timedelta(days=round(days)))

    def on(self, day: date) -> datetime:
        """A moment in business hours on this day, or on the next working day."""
        while day.weekday() >= SATURDAY:
            day += timedelta(days=1)
        return self._moment(day)

    def after(self, moment: datetime, days: float) -> datetime:
        """A moment in business hours so many days after another one; 0 is a little later the same day."""
        if round(days) == 0:
            return moment + timedelta(minutes=self.random.randint(4, 50))
        return self.on(moment.astimezone(self._zone).date() + timedelta(days=round(days)))

    def later(self, days: float) -> datetime:
        """A moment so many days after the act that is being played."""
        return self.after(clock.now(), days)

    def add(self, at: datetime, act: Act) -> None:
        """The act happens at this moment, unless that is still to come."""
        if at < self.now:
            heapq.heappush(self._acts, (at, next(self._order), act))

    def play(self) -> None:
        """Everything on the timetable has happened, with the clock at each act's moment."""
        while self._acts:
            at, _, act = heapq.heappop(self._acts)
            with clock.moved_to(at):
                act()
                session.flush()  # Rows are dated when they are written.

    def _moment(self, day: date) -> datetime:
        hour, minute = self.random.randint(9, 16), self.random.randint(0, 59)
        return datetime.combine(day, time(hour, minute, self.random.randint(0, 59)), self._zone)
