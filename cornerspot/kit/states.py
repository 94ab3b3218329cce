"""A state machine as a table that can be seen at once."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Generic, TypeVar

from cornerspot.kit.errors import IllegalTransition

State = TypeVar("State", bound=StrEnum)


class StateMachine(Generic[State]):
    """Which state may follow which; ``refusals`` gives a sentence for pairs worth explaining."""

    def __init__(
        self,
        steps: Mapping[State, frozenset[State] | set[State]],
        refusals: Mapping[tuple[State, State], str] | None = None,
    ) -> None:
        self.steps = {state: frozenset(followers) for state, followers in steps.items()}
        self.refusals = dict(refusals or {})

    def allows(self, now: State, to: State) -> bool:
        """Whether the step exists."""
        return to in self.steps.get(now, frozenset())

    def require(self, now: State, to: State) -> None:
        """Pass silently when the step exists; raises IllegalTransition otherwise."""
        if not self.allows(now, to):
            raise IllegalTransition(now, to, self.refusals.get((now, to), ""))
