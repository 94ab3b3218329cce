"""Tables as CSV files that spreadsheets open as they are."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

from flask import Response

from cornerspot.blueprints.support.downloads import disposition, safe_file_name

BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"  # tells spreadsheets that this is UTF-8
RISKY = ("=", "+", "-", "@", "\t", "\r")  # A spreadsheet takes a text that begins so for a formula.


def csv_response(name: str, rows: Iterable[Iterable[Any]]) -> Response:
    """The rows, the head among them, as a file with this name; numbers stay numbers, texts texts."""
    lines = io.StringIO(newline="")
    csv.writer(lines).writerows([[_cell(cell) for cell in row] for row in rows])
    response = Response((BYTE_ORDER_MARK + lines.getvalue()).encode(), mimetype="text/csv")
    response.headers["Content-Disposition"] = disposition("attachment", f"{safe_file_name(name)}.csv")
    return response


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value.startswith(RISKY) else value
