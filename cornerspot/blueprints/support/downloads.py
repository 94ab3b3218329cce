"""Files to save or to look at, under a name that every system takes."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import PurePosixPath
from urllib.parse import quote

from flask import Response, request
from werkzeug.http import quote_header_value

from cornerspot.billing.rendering import Paper
from cornerspot.documents.files import read_file
from cornerspot.documents.models import StoredFile
from cornerspot.documents.naming import safe_file_name
from cornerspot.documents.sniffing import PICTURES


def paper_response(paper: Paper, *, inline: bool) -> Response:
    """An invoice's PDF under its own name; asked for each time, as a stored one is."""
    response = Response(paper.content, mimetype="application/pdf")
    response.headers["Content-Disposition"] = disposition("inline" if inline else "attachment", paper.file_name)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def named_pdf(content: bytes, words: str) -> Response:
    """A PDF to save under these words."""
    response = Response(content, mimetype="application/pdf")
    response.headers["Content-Disposition"] = disposition("attachment", f"{safe_file_name(words)}.pdf")
    return response


def stored_response(stored: StoredFile, *, inline: bool) -> Response:
    """The file under its own name; 304 without reading it where the browser has these bytes already.

    The browser asks each time, so that nobody sees it who may not any more.
    """
    response = Response(mimetype=stored.media_type)
    response.set_etag(stored.sha256)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Content-Disposition"] = disposition("inline" if inline else "attachment", stored.name)
    response.make_conditional(request)
    if response.status_code != HTTPStatus.NOT_MODIFIED:
        response.set_data(read_file(stored))
    return response


def shared_response(stored: StoredFile, *, name: str, inline: bool) -> Response:
    """A file that somebody uploaded, called by its title: saved, or shown when it is a picture and ``inline``.

    Nothing in it can run: its type was read from its bytes, and the page it would be has no rights.
    """
    response = stored_response(stored, inline=inline and stored.media_type in PICTURES)
    shown = response.headers["Content-Disposition"].partition(";")[0]
    response.headers["Content-Disposition"] = disposition(shown, titled_file_name(name, stored.name))
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def titled_file_name(title: str, file_name: str) -> str:
    """The title with the ending of the file, once."""
    kind = safe_file_name(PurePosixPath(file_name).suffix)[:11]
    words = safe_file_name(title) or "document"
    return words if not kind or words.lower().endswith(f".{kind.lower()}") else f"{words}.{kind}"


def disposition(shown: str, name: str) -> str:
    """The name in ASCII for old programs and in UTF-8 for all others (RFC 6266)."""
    plain = name.encode("ascii", "ignore").decode() or "invoice.pdf"
    return f"{shown}; filename={quote_header_value(plain, allow_token=False)}; filename*=UTF-8''{quote(name)}"
