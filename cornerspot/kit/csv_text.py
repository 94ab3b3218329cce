"""CSV that spreadsheets open as it is: UTF-8 that says so, and no text that runs as a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any, TextIO

MEDIA_TYPE = "text/csv; charset=utf-8"
_BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"  # tells spreadsheets that this is UTF-8
_RISKY = ("=", "+", "-", "@", "\t", "\r")  # A spreadsheet takes a text that begins so for a formula.

Row = Iterable[Any]


def write_head(file: TextIO, head: Row) -> None:
    """The file, opened with ``newline=""``, begins as a CSV with this head."""
    file.write(_BYTE_ORDER_MARK)
    write_rows(file, [head])


def write_rows(file: TextIO, rows: Iterable[Row]) -> None:
    """The rows are in the file; numbers stay numbers, texts texts, and nothing is an empty cell."""
    csv.writer(file).writerows([_cell(value) for value in row] for row in rows)


def csv_bytes(head: Row, rows: Iterable[Row]) -> bytes:
    """A whole file of these rows."""
    lines = io.StringIO(newline="")
    write_head(lines, head)
    write_rows(lines, rows)
    return lines.getvalue().encode()


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value.startswith(_RISKY) else value
