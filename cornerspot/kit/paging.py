"""Keyset paging: constant time at any depth, no OFFSET.

A cursor is the sort key of a row, as text that cannot be misread: JSON in
URL-safe base64. It carries no secret and is validated when it is read.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Row = TypeVar("Row")


@dataclass(frozen=True)
class Page(Generic[Row]):
    """One page of rows, and the cursors of its neighbours (None at an end)."""

    rows: list[Row]
    next_cursor: str | None = None
    previous_cursor: str | None = None


def encode_cursor(*key: str | int | bool | None) -> str:
    """A cursor for the row with this sort key."""
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def decode_cursor(text: str, *, parts: int) -> list[Any]:
    """The sort key of a cursor; raises ValueError for anything that is not one."""
    try:
        padded = text + "=" * (-len(text) % 4)
        key = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
    except (binascii.Error, UnicodeError, json.JSONDecodeError) as error:
        raise ValueError("not a cursor") from error
    if not isinstance(key, list) or len(key) != parts:
        raise ValueError("not a cursor")
    return key
