"""What can run: reactions to events, and tasks by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from cornerspot.jobs.payload import event_name

Function = TypeVar("Function", bound=Callable[..., Any])


class UnknownJob(LookupError):
    """No task or reaction has this name."""


@dataclass(frozen=True)
class JobKind:
    """One function the worker can run.

    ``own_transactions`` means that the function calls something outside of the
    database (a mail server, a renderer) and commits in steps of its own; every
    other function runs in one transaction together with its receipt.
    """

    name: str
    function: Callable[..., Any]
    event_class: type | None = None
    own_transactions: bool = False


_kinds: dict[str, JobKind] = {}
_reactions: dict[str, list[JobKind]] = {}
_state = {"is_complete": False}


def reaction(event_class: type, *, own_transactions: bool = False) -> Callable[[Function], Function]:
    """Have the worker call the function with each such event that was committed."""

    def register(function: Function) -> Function:
        module = function.__module__.rpartition(".")[2]
        kind = JobKind(f"{module}.{function.__name__}", function, event_class, own_transactions)
        _add(kind)
        _reactions.setdefault(event_name(event_class), []).append(kind)
        return function

    return register


def task(name: str, *, own_transactions: bool = False) -> Callable[[Function], Function]:
    """Have the worker call the function for ``enqueue(name, …)``, with the same keywords."""

    def register(function: Function) -> Function:
        _add(JobKind(name, function, None, own_transactions))
        return function

    return register


def complete() -> None:
    """Say that every module with reactions and tasks is imported; publishing needs this."""
    _state["is_complete"] = True


def reactions_to(event: object) -> list[JobKind]:
    """Who wants to know of the event; raises RuntimeError while that is not known yet."""
    if not _state["is_complete"]:
        raise RuntimeError("Call cornerspot.reactions.load() before publishing events.")
    return _reactions.get(event_name(type(event)), [])


def job_kind(name: str) -> JobKind:
    """The task or reaction with this name; raises UnknownJob."""
    if name not in _kinds:
        raise UnknownJob(f"There is no task or reaction named {name}.")
    return _kinds[name]


def job_kinds() -> tuple[JobKind, ...]:
    """Everything the worker can run."""
    return tuple(_kinds.values())


def _add(kind: JobKind) -> None:
    known = _kinds.get(kind.name)
    if known is not None and known.function.__module__ != kind.function.__module__:
        raise ValueError(f"Two jobs are named {kind.name}.")
    _kinds[kind.name] = kind
