"""The operations of the API, each with its path and its table of parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from werkzeug.routing import Map, Rule

from cornerspot.payments.standin.params import Shape
from cornerspot.payments.standin.state import Account, Obj, World


@dataclass(frozen=True)
class Call:
    """One request that may be carried out: who asks, on which account, with which checked parameters."""

    world: World
    account: Account  # The account that is acted on: the key's own, or the connected one.
    caller: Account  # The account the key belongs to.
    params: Obj
    raw: Obj
    args: dict[str, str]
    request: Obj = field(default_factory=dict)  # For events: {"id": ..., "idempotency_key": ...}

    @property
    def on_connected_account(self) -> bool:
        return self.caller is not self.account

    @property
    def expand(self) -> list[str]:
        return list(self.params.get("expand") or ())


@dataclass(frozen=True, eq=False)
class Operation:
    """What a method and a path stand for."""

    method: str
    path: str
    takes: Shape
    run: Callable[[Call], Obj]
    permission: str


OPERATIONS: list[Operation] = []


def operation(
    method: str, path: str, takes: Shape, permission: str
) -> Callable[[Callable[[Call], Obj]], Callable[[Call], Obj]]:
    """Make a function an operation of the API; ``permission`` is what a restricted key needs for it."""

    def kept(run: Callable[[Call], Obj]) -> Callable[[Call], Obj]:
        OPERATIONS.append(Operation(method, path, takes, run, permission))
        return run

    return kept


def routes() -> Map:
    """The paths of all operations."""
    return Map(
        [Rule(op.path, methods=[op.method], endpoint=op) for op in OPERATIONS],
        redirect_defaults=False,
        merge_slashes=False,
    )
