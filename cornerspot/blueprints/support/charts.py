"""What a chart shows: bars with an amount, its words and the list behind it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Bar:
    """One bar: its length as a plain number, the words that say it, and where it leads."""

    label: str
    value: str
    said: str
    href: str | None = None
    tone: str | None = None
