"""Searching text by its beginning, in a way that an index can answer under row-level security."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_

from cornerspot.kit.searching import LAST_LETTER


def begins_with(column: Any, text: str) -> ColumnElement[bool]:
    """Whether the column, which sorts by the code of its letters (``SearchText``), begins with the text."""
    low = text.replace("\0", "")
    return and_(column >= low, column <= low + LAST_LETTER)
