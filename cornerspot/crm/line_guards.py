"""What must stay on a deal because something above this package refers to it.

Billing knows which lines were billed, and this package may not know billing; so
billing registers a guard that is asked before lines are deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cornerspot.crm.models import DealLine

Guard = Callable[[Sequence[DealLine]], None]
_guards: list[Guard] = []


def register_line_guard(guard: Guard) -> Guard:
    """From now on ``guard`` is asked before lines are deleted; it raises a DomainError to keep them."""
    if guard not in _guards:
        _guards.append(guard)
    return guard


def require_deletable(lines: Sequence[DealLine]) -> None:
    """Pass when nothing refers to these lines; raises what a guard raises."""
    if lines:
        for guard in _guards:
            guard(lines)
