"""What happens by itself when the clock gets there: debits clear, sessions expire, subscriptions renew."""

from __future__ import annotations

import heapq
from collections.abc import Callable

from cornerspot.payments.standin.state import Account, Obj, World

Step = Callable[[World, Account, Obj], None]
STEPS: dict[str, Step] = {}


def due(name: str) -> Callable[[Step], Step]:
    """Make a function what is done when a plan of that name is due."""

    def kept(step: Step) -> Step:
        STEPS[name] = step
        return step

    return kept


def run_next(world: World, until: int) -> bool:
    """Carry out the earliest plan due by then, at its own time; False when there is none."""
    while world.agenda and world.agenda[0][0] <= until:
        at, order, plan = heapq.heappop(world.agenda)
        key = f"{plan['what']}:{plan['id']}"
        if world.plans.get(key) == order:
            del world.plans[key]
            world.clock.move_to(at)
            STEPS[plan["what"]](world, world.accounts[plan["account"]], plan)
            return True
    return False


def drop_plans(world: World, what: str, wanted: str) -> None:
    """Nothing of that kind happens to this object any more."""
    world.plans.pop(f"{what}:{wanted}", None)
