"""psycopg's cursor, with what is asked of it in every statement made cheap."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, overload

from psycopg import Column, Cursor

_decode_from = json.JSONDecoder().raw_decode


def read_json(value: bytes) -> Any:
    """The value of a JSONB column: UTF-8 without blanks around it, so neither is looked for as ``json`` would."""
    return _decode_from(value.decode())[0]


class QuietCursor(Cursor[Any]):
    """Describes its columns when somebody reads the description.

    SQLAlchemy asks each cursor whether there is one, but reads it only for a statement that
    it has not met before. psycopg makes an object of every column each time: a twentieth
    of what a request costs.
    """

    @property
    def description(self) -> Any:
        result = self.pgresult
        if result is None or not result.nfields:
            return super().description
        return _Columns(self, result.nfields)


class _Columns(Sequence[Column]):
    """The columns of a cursor's result, made when they are read."""

    def __init__(self, cursor: QuietCursor, count: int) -> None:
        self._cursor, self._count = cursor, count

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Column: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Column]: ...

    def __getitem__(self, index: int | slice) -> Column | Sequence[Column]:
        return [Column(self._cursor, place) for place in range(self._count)][index]
