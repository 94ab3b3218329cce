"""Files to save or to look at, under a name that every system takes."""

from __future__ import annotations

from urllib.parse import quote

from flask import Response
from werkzeug.http import quote_header_value

from cornerspot.billing.models import Invoice


def pdf_response(invoice: Invoice, content: bytes, *, inline: bool) -> Response:
    """The invoice's PDF as ``INV-000042 Acme Ltd.pdf``; needs its account loaded."""
    customer = invoice.frozen.get("customer", {}).get("display_name") or (
        invoice.account.name if invoice.account else ""
    )
    name = safe_file_name(f"{invoice.number or 'DRAFT'} {customer}") + ".pdf"
    response = Response(content, mimetype="application/pdf")
    response.headers["Content-Disposition"] = disposition("inline" if inline else "attachment", name)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def safe_file_name(words: str) -> str:
    """What every file system takes: no control characters, no path signs, not too long."""
    kept = "".join(letter for letter in words if letter.isprintable() and letter not in '\\/:*?"<>|')
    return " ".join(kept.split())[:120].strip(" .")


def disposition(shown: str, name: str) -> str:
    """The name in ASCII for old programs and in UTF-8 for all others (RFC 6266)."""
    plain = name.encode("ascii", "ignore").decode() or "invoice.pdf"
    return f"{shown}; filename={quote_header_value(plain, allow_token=False)}; filename*=UTF-8''{quote(name)}"
