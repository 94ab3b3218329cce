"""The world of one walk: teams, a stand-in, one clock for both sides, and accidents."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from flask import Flask

from cornerspot.billing.configuring_online import configure_part_payments
from cornerspot.kit import clock
from cornerspot.kit.errors import DomainError
from cornerspot.payments.provider import ProviderError
from cornerspot.payments.standin import StandIn, create_standin
from cornerspot.payments.standin.errors import ApiRefusal
from cornerspot.payments.standin.transport import StandInTransport
from cornerspot.payments.stripe_calls import calls_through
from tests.faults.crashing import Crashed, Crasher, crasher
from tests.faults.stripe_shop import Shop, deliver_to, open_shop

BEGINNING = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)  # a Monday
CURRENCIES = (("EUR", "AT"), ("USD", "US"), ("GBP", "GB"), ("JPY", "JP"), ("KWD", "KW"), ("ISK", "IS"))


class World:
    """Everything of one walk. ``say`` writes its story; ``has_failed`` when Stripe was to answer 500."""

    def __init__(self, app: Flask, seed: int) -> None:
        self.app, self.seed, self.rng, self.story = app, seed, Random(seed), []
        self.stack = ExitStack()
        self.clock = ExitStack()
        self.standin: StandIn = create_standin(
            frozen_at=BEGINNING, seed=seed, environment="test", deliver=self._deliver
        )
        self._post = deliver_to(app)
        self.steps, self.has_failed = 0, False
        self.shops: list[Shop] = []

    def __enter__(self) -> World:
        self.stack.enter_context(calls_through(StandInTransport(self.standin)))
        self.stack.callback(self.clock.close)
        self.accident: Crasher = self.stack.enter_context(crasher(self.app))
        self._follow_clock()
        for _ in range(self.rng.choice((1, 1, 2, 2, 3))):
            self._open()
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def _open(self) -> None:
        currency, country = self.rng.choice(CURRENCIES)
        shop = open_shop(self.app, self.standin, currency=currency, country=country)
        self.shops.append(shop)
        if self.rng.random() < 0.5:
            shop.do(lambda: configure_part_payments(allowed=True, least_percent=10, seen=None, by=shop.by))
        self.say(f"team {len(self.shops)} in {currency}")

    # The story

    def say(self, line: str) -> None:
        self.story.append(f"{self.standin.now:%m-%d %H:%M:%S}  {line}")

    def attempt(self, name: str, work: Callable[[], Any]) -> Any:
        """Do it; a refusal, a lost answer or a crash is part of the story."""
        self.steps += 1
        said = len(self.story)
        self.say(name)
        try:
            return work()
        except (DomainError, ProviderError, ApiRefusal) as refusal:
            self.story[said] += f"  -> {type(refusal).__name__}: {str(getattr(refusal, 'message', refusal))[:70]}"
        except Crashed:
            self.story[said] += "  -> CRASHED"
        finally:
            self.accident.left = 0
        return None

    # Time

    def pass_time(self, by: timedelta) -> None:
        """Both sides are so much later; what falls due at Stripe happens."""
        self.standin.advance(by)
        self._follow_clock()

    def _follow_clock(self) -> None:
        self.clock.close()
        self.clock.enter_context(clock.moved_to(self.standin.now))

    # Accidents

    def crash_soon(self) -> None:
        """One of the next statements is the last one of whoever sends it."""
        self.accident.left = self.rng.randint(1, 45)

    def _deliver(self, url: str, headers: dict[str, str], body: bytes) -> int:
        """A web process that dies gives no answer; the stand-in tries again later."""
        try:
            return self._post(url, headers, body)
        except Crashed:
            return 502


@contextmanager
def world(app: Flask, seed: int) -> Iterator[World]:
    """The world of a seed, entered."""
    made = World(app, seed)
    with made:
        yield made
