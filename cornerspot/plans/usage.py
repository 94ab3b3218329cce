"""How much of each limit is used, and whether a team has records of a feature.

Plans lie below the packages that own the records, so those packages' counters
are registered here by the composition root.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cornerspot.people.invitations import count_open
from cornerspot.people.teammates import count_active
from cornerspot.plans.entitlements import Entitlements
from cornerspot.plans.features import Feature, Limit

Counter = Callable[[], int]
Finder = Callable[[], bool]

_counters: dict[Limit, Counter] = {}
_finders: dict[Feature, Finder] = {}


@dataclass(frozen=True)
class Usage:
    """How much of a limit the team of the scope uses; ``size`` None is unlimited."""

    limit: Limit
    used: int
    size: int | None

    @property
    def over_by(self) -> int:
        """How many more there are than the limit allows."""
        return max(0, self.used - self.size) if self.size is not None else 0


def register_usage(limit: Limit, counter: Counter) -> None:
    """``counter`` tells how much of the limit the team of the scope uses."""
    _counters[limit] = counter


def register_records(feature: Feature, has_any: Finder) -> None:
    """``has_any`` tells whether the team of the scope has records of the feature."""
    _finders[feature] = has_any


def used(limit: Limit) -> int:
    """How much of the limit the team of the scope uses; 0 when nothing counts it."""
    counter = _counters.get(limit)
    return counter() if counter else 0


def usage_of(answers: Entitlements) -> list[Usage]:
    """Every limit with what is used of it."""
    return [Usage(limit, used(limit), answers.limits[limit]) for limit in Limit]


def has_records(*features: Feature) -> bool:
    """Whether the team of the scope has records of every one of these features."""
    return all(feature in _finders and _finders[feature]() for feature in features)


def count_teammates() -> int:
    """Seats in use: active teammates, and invitations that can still be accepted."""
    return count_active() + count_open()


register_usage(Limit.TEAMMATES, count_teammates)
