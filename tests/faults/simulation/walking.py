"""One walk: steps at random, then quiet, one reconciliation, and the oracle."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from cornerspot.payments.connecting import connect_with_key, live_account
from cornerspot.payments.models import ProcessorAccount
from tests.faults.simulation.steps import STEPS, name_of
from tests.faults.simulation.world import World, world
from tests.faults.stripe_shop import Shop

STEPS_OF_A_WALK = (15, 45)
SURELY = ("write_an_invoice", "open_the_page")


@dataclass
class Walk:
    """What became of a seed: its story, how many steps and crashes it had, and what was wrong in the end."""

    seed: int
    story: list[str] = field(default_factory=list)
    steps: int = 0
    crashes: int = 0
    failure: BaseException | None = None


def walk(app: Flask, seed: int) -> Walk:
    """Make the walk of the seed; a failure is kept, with the story that led to it."""
    result = Walk(seed)
    with world(app, seed) as around:
        result.story = around.story
        try:
            _begin(around)
            _go(around)
            for shop in around.shops:
                _quiet(around, shop)
            for shop in around.shops:
                shop.require_truth()
        except Exception as error:  # noqa: BLE001 - whatever it is, the seed must be told
            result.failure = error
        result.steps, result.crashes = around.steps, around.accident.crashes
    return result


def _begin(around: World) -> None:
    by_name = {function.__name__: function for function, _ in STEPS}
    for shop in around.shops:
        for name in SURELY:
            around.attempt(name.replace("_", " "), lambda shop=shop, name=name: by_name[name](around, shop))


def _go(around: World) -> None:
    functions, weights = [one for one, _ in STEPS], [weight for _, weight in STEPS]
    for _ in range(around.rng.randint(*STEPS_OF_A_WALK)):
        shop = around.rng.choice(around.shops)
        chosen = around.rng.choices(functions, weights)[0]
        if around.rng.random() < 0.12:
            around.crash_soon()
        label = f"[{around.shops.index(shop) + 1}] {name_of(chosen)}"
        around.attempt(label, lambda chosen=chosen, shop=shop: chosen(around, shop))
        around.pass_time(timedelta(seconds=around.rng.randint(1, 20)))


def _quiet(around: World, shop: Shop) -> None:
    """No more accidents; the account is connected; what was on its way arrives, or is lost."""
    around.say(f"quiet for team {around.shops.index(shop) + 1}")
    around.standin.faults.clear()
    around.standin.reconnect(shop.account)
    _connect(shop)
    if around.rng.random() < 0.5:
        around.standin.deliver_pending(order="random")
    else:
        around.standin.deliver_pending(drop=True)
    for _ in range(10):
        if not shop.work():
            break
    minutes = around.rng.choice((16, 90))
    # Stripe repeats an error 500 to the same key for a day, so a refund that met one waits so long.
    around.pass_time(timedelta(hours=25) if around.has_failed else timedelta(minutes=minutes))


def _connect(shop: Shop) -> None:
    with shop.inside():
        account: ProcessorAccount | None = live_account()
    if account is None:
        with shop.inside():
            connect_with_key(shop.key, by=shop.by)
    assert shop.rows(select(ProcessorAccount).where(ProcessorAccount.state != "disconnected"))
