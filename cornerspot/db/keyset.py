"""Paging a sorted list by the key of its last row: constant time at any depth, in both directions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


@dataclass(frozen=True)
class Place:
    """Where a page begins: beside a row with this key, in a direction; at an end of the list without a key."""

    direction: str = FORWARD
    key: tuple[Any, ...] = ()

    @property
    def is_backward(self) -> bool:
        return self.direction == BACKWARD


def keyset_page(statement: Select[Any], model: Any, key: SortKey, *, cursor: str | None, size: int) -> Page[Any]:
    """One page of the statement's rows; a cursor that cannot be read gives the first page."""
    place = read_place(cursor, (key.read, _uuid))
    ascending = key.descending is place.is_backward
    columns = tuple_(key.column, model.id)
    if place.key:
        statement = statement.where(columns > tuple_(*place.key) if ascending else columns < tuple_(*place.key))
    order = (key.column.asc(), model.id.asc()) if ascending else (key.column.desc(), model.id.desc())
    rows = list(session.scalars(statement.order_by(*order).limit(size + 1)))
    return page_of(rows, place, size=size, key_of=lambda row: (key.value(row), row.id))


def read_place(cursor: str | None, readers: Sequence[Callable[[Any], Any]]) -> Place:
    """The place that a cursor names, each part read by its reader; the beginning when it cannot be read."""
    try:
        direction, *parts = decode_cursor(cursor or "", parts=1 + len(readers))
        key = tuple(read(part) for read, part in zip(readers, parts, strict=True))
    except (ValueError, TypeError, OverflowError):
        return Place()
    return Place(direction if direction == BACKWARD else FORWARD, key)


def page_of(rows: list[Any], place: Place, *, size: int, key_of: Callable[[Any], tuple[Any, ...]]) -> Page[Any]:
    """The page that these rows make, read from a place on and one more than fit if there are; ``key_of`` as its key."""
    has_more = len(rows) > size
    rows = rows[:size]
    if place.is_backward:
        rows.reverse()
    if not rows:
        return Page([])
    more_before = has_more if place.is_backward else bool(place.key)
    more_after = True if place.is_backward else has_more
    return Page(
        rows,
        next_cursor=_cursor(FORWARD, key_of(rows[-1])) if more_after else None,
        previous_cursor=_cursor(BACKWARD, key_of(rows[0])) if more_before else None,
    )


def _cursor(direction: str, key: tuple[Any, ...]) -> str:
    return encode_cursor(direction, *(_as_text(value) for value in key))


def _as_text(value: Any) -> str | int | None:
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _uuid(value: Any) -> UUID:
    return UUID(str(value))
