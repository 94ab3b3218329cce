"""Faults on request: what the next calls that match meet instead of a plain answer."""

from __future__ import annotations

import fnmatch
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from cornerspot.payments.standin.state import Obj


@dataclass(frozen=True)
class Kind:
    """One kind of fault; call it to set its details: ``Fault.SERVER_ERROR_500(should_retry=False)``.

    ``worked``: the work is done all the same. ``should_retry``: Stripe's header of
    that name, None leaves it out. ``seconds``: how long a real client is kept
    waiting. ``alter``: changes the answer's object in place.
    """

    name: str
    status: int | None = None
    worked: bool = False
    should_retry: bool | None = None
    seconds: float = 30
    alter: Callable[[Obj], object] | None = None

    def __call__(
        self,
        *,
        worked: bool | None = None,
        should_retry: bool | None = None,
        seconds: float | None = None,
        alter: Callable[[Obj], object] | None = None,
    ) -> Kind:
        return replace(
            self,
            worked=self.worked if worked is None else worked,
            should_retry=should_retry,
            seconds=self.seconds if seconds is None else seconds,
            alter=alter or self.alter,
        )


class Fault:
    """The kinds of fault there are. DELAY waits before the work, HOLD_ANSWER after it."""

    DROP_ANSWER = Kind("drop_answer", worked=True)
    DROP_REQUEST = Kind("drop_request", seconds=0)
    SILENCE = Kind("silence", seconds=80)
    DELAY = Kind("delay", worked=True)
    HOLD_ANSWER = Kind("hold_answer", worked=True)
    CONFLICT_409 = Kind("conflict", status=409)
    RATE_LIMIT_429 = Kind("rate_limit", status=429)
    SERVER_ERROR_500 = Kind("server_error", status=500)
    UNAVAILABLE_503 = Kind("unavailable", status=503)
    ALTERED_ANSWER = Kind("altered", worked=True)


@dataclass
class Planned:
    """A fault that waits for its calls."""

    method: str
    pattern: str
    kind: Kind
    times: int
    skip: int


class Faults:
    """The faults to come, first match first. ``met`` counts those that happened."""

    def __init__(self) -> None:
        self._planned: list[Planned] = []
        self._released = threading.Event()
        self.waiting = threading.Event()
        self.met = 0

    def next(self, pattern: str, kind: Kind, *, times: int = 1, method: str = "*", skip: int = 0) -> None:
        """The next ``times`` calls whose path matches meet this fault, after ``skip`` that do not.

        ``pattern`` is a shell pattern over the path (``/v1/refunds*``), or ``POST /v1/refunds``.
        """
        if " " in pattern:
            method, pattern = pattern.split(" ", 1)
        self._planned.append(Planned(method, pattern, kind, times, skip))

    def clear(self) -> None:
        """No fault is waiting any more."""
        self._planned.clear()

    @property
    def pending(self) -> int:
        """How many calls are still to meet a fault."""
        return sum(planned.times for planned in self._planned)

    def take(self, method: str, path: str) -> Kind | None:
        """The fault this call meets, if any."""
        for planned in self._planned:
            if planned.method in ("*", method) and fnmatch.fnmatchcase(path, planned.pattern):
                if planned.skip:
                    planned.skip -= 1
                    continue
                planned.times -= 1
                if not planned.times:
                    self._planned.remove(planned)
                self.met += 1
                return planned.kind
        return None

    def wait(self, kind: Kind) -> None:
        """Keep a call waiting until it is released, at most its seconds."""
        self._released.clear()
        self.waiting.set()
        self._released.wait(kind.seconds)
        self.waiting.clear()

    def release(self) -> None:
        """Let the waiting calls go on."""
        self._released.set()
