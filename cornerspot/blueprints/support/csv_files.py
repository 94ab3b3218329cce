"""Tables as CSV files to save."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Response

from cornerspot.blueprints.support.downloads import disposition, safe_file_name
from cornerspot.kit.csv_text import MEDIA_TYPE, Row, csv_bytes


def csv_response(name: str, head: Row, rows: Iterable[Row]) -> Response:
    """A file with this name, to which ``.csv`` is added."""
    response = Response(csv_bytes(head, rows), content_type=MEDIA_TYPE)
    response.headers["Content-Disposition"] = disposition("attachment", f"{safe_file_name(name)}.csv")
    response.headers["Cache-Control"] = "private, no-store"
    return response
