"""The errors a use-case may raise. The web layer turns each into one answer.

Messages are sentences for people: what is wrong, and what to do next. No error
here knows HTTP; ``blueprints/support/errors.py`` holds the one translation table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class DomainError(Exception):
    """A refusal with a sentence for the person who asked."""

    def __init__(self, message: str = "") -> None:
        self.message = message or (type(self).__doc__ or "").splitlines()[0]
        super().__init__(self.message)


class Invalid(DomainError):
    """What was entered cannot be used; ``field`` names where, if it is one place."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class NotFound(DomainError):
    """That record does not exist, or is not yours."""


class Conflict(DomainError):
    """The record is in another state than this action needs."""


class IllegalTransition(Conflict):
    """A record cannot go from its state to the one asked for."""

    def __init__(self, now: str, to: str, message: str = "") -> None:
        self.now, self.to = now, to
        super().__init__(message or f"This cannot go from {now} to {to}.")


class StaleVersion(Conflict):
    """Somebody else saved this record first; ``changes`` maps field to (theirs, yours)."""

    def __init__(self, message: str = "", *, changes: Mapping[str, tuple[Any, Any]] | None = None):
        super().__init__(message or "Somebody else saved this while you were editing.")
        self.changes = dict(changes or {})


class PermissionDenied(DomainError):
    """Your role does not include this. Ask an admin of the team."""


class FeatureMissing(DomainError):
    """The team's plan does not include a feature, or an admin switched it off.

    ``answer`` is ``"switched_off"`` or ``"not_in_plan"``.
    """

    def __init__(self, feature: str, *, answer: str, message: str = "") -> None:
        super().__init__(message or f"{feature} is not available to this team.")
        self.feature, self.answer = feature, answer


class LimitReached(DomainError):
    """A limit of the plan is used up; ``limit`` names it, ``allowed`` is its size."""

    def __init__(self, limit: str, *, allowed: int, message: str = "") -> None:
        super().__init__(message or f"The plan allows {allowed} of these.")
        self.limit, self.allowed = limit, allowed


class TooManyAttempts(DomainError):
    """Too many tries in a short time; wait and try again."""
