"""What happens by itself when the clock gets there: debits clear, sessions expire, subscriptions renew."""

from __future__ import annotations

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
    ready = [plan for plan in world.agenda if plan["at"] <= until]
    if not ready:
        return False
    plan = min(ready, key=lambda one: (one["at"], one["order"]))
    world.agenda.remove(plan)
    world.clock.move_to(plan["at"])
    STEPS[plan["what"]](world, world.accounts[plan["account"]], plan)
    return True


def drop_plans(world: World, what: str, wanted: str) -> None:
    """Nothing of that kind happens to this object any more."""
    world.agenda[:] = [plan for plan in world.agenda if (plan["what"], plan["id"]) != (what, wanted)]
