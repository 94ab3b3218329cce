"""Two people editing one record: the second save is refused and shown the difference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from cornerspot.kit.errors import StaleVersion


class Versioned(Protocol):
    """A record with a version that grows by one with each save by a person."""

    version: Any


def require_version(record: Versioned, seen: int | None, wanted: Mapping[str, Any] | None = None) -> None:
    """Pass when nobody saved since ``seen``; raises StaleVersion with field -> (saved, wanted).

    Call it after the record was locked. ``seen`` None skips the check: a program
    that did not show the record to a person.
    """
    if seen is None or record.version == seen:
        return
    changes = {
        field: (getattr(record, field, None), value)
        for field, value in (wanted or {}).items()
        if getattr(record, field, None) != value
    }
    raise StaleVersion(changes=changes)


def bump(record: Versioned) -> None:
    """Count a save."""
    record.version = record.version + 1
