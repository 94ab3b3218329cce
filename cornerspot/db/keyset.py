"""Paging a sorted list by the key of its last row: constant time at any depth, in both directions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from cornerspot.db import session
from cornerspot.kit.paging import Page, decode_cursor, encode_cursor

FORWARD, BACKWARD = "next", "previous"


@dataclass(frozen=True)
class SortKey:
    """What a list is sorted by; ``read`` turns the cursor's text back into a value of the column."""

    column: InstrumentedAttribute[Any] | ColumnElement[Any]
    value: Callable[[Any], Any]
    read: Callable[[Any], Any] = str
    descending: bool = False


def moment_key(value: Any) -> datetime:
    """The moment that a cursor holds as text."""
    return datetime.fromisoformat(str(value))


def day_key(value: Any) -> date:
    """The day that a cursor holds as text."""
    return date.fromisoformat(str(value))


def keyset_page(statement: Select[Any], model: Any, key: SortKey, *, cursor: str | None, size: int) -> Page[Any]:
    """One page of the statement's rows; a cursor that cannot be read gives the first page."""
    direction, after = _read(cursor, key)
    ascending = key.descending is (direction == BACKWARD)
    place = tuple_(key.column, model.id)
    if after is not None:
        statement = statement.where(place > tuple_(*after) if ascending else place < tuple_(*after))
    order = (key.column.asc(), model.id.asc()) if ascending else (key.column.desc(), model.id.desc())
    rows = list(session.scalars(statement.order_by(*order).limit(size + 1)))
    has_more = len(rows) > size
    rows = rows[:size]
    if direction == BACKWARD:
        rows.reverse()
    if not rows:
        return Page([])
    more_before = has_more if direction == BACKWARD else after is not None
    more_after = has_more if direction == FORWARD else True
    return Page(
        rows,
        next_cursor=_cursor(FORWARD, key, rows[-1]) if more_after else None,
        previous_cursor=_cursor(BACKWARD, key, rows[0]) if more_before else None,
    )


def _read(cursor: str | None, key: SortKey) -> tuple[str, tuple[Any, UUID] | None]:
    try:
        direction, value, row_id = decode_cursor(cursor or "", parts=3)
        after = (key.read(value), UUID(str(row_id)))
    except (ValueError, TypeError, OverflowError):
        return FORWARD, None
    return (direction if direction == BACKWARD else FORWARD), after


def _cursor(direction: str, key: SortKey, row: Any) -> str:
    value = key.value(row)
    return encode_cursor(direction, value.isoformat() if isinstance(value, date) else value, str(row.id))
