"""The PDF of an invoice, for saving or looking at."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

from flask import Response, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload
from werkzeug.http import quote_header_value

from cornerspot.billing.models import Invoice
from cornerspot.billing.rendering import invoice_pdf_bytes
from cornerspot.blueprints.billing.blueprint import blueprint
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.records import get_or_404
from cornerspot.people.permissions import Permission


@blueprint.get("/invoices/<id('inv'):invoice_id>/pdf")
@gate(permission=Permission.READ_INVOICES, writes_on_get=True)  # The worker may not have come to it yet.
def invoice_pdf_show(invoice_id: UUID) -> ResponseReturnValue:
    invoice = get_or_404(Invoice, invoice_id, joinedload(Invoice.account), trashed=True)
    shown = "inline" if "view" in request.args else "attachment"
    customer = invoice.frozen.get("customer", {}).get("display_name") or (
        invoice.account.name if invoice.account else ""
    )
    name = _safe(f"{invoice.number or 'DRAFT'} {customer}") + ".pdf"
    response = Response(invoice_pdf_bytes(invoice), mimetype="application/pdf")
    response.headers["Content-Disposition"] = _disposition(shown, name)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _safe(words: str) -> str:
    """What every file system takes: no control characters, no path signs, not too long."""
    kept = "".join(letter for letter in words if letter.isprintable() and letter not in '\\/:*?"<>|')
    return " ".join(kept.split())[:120].strip(" .")


def _disposition(shown: str, name: str) -> str:
    """The name in ASCII for old programs and in UTF-8 for all others (RFC 6266)."""
    plain = name.encode("ascii", "ignore").decode() or "invoice.pdf"
    return f"{shown}; filename={quote_header_value(plain, allow_token=False)}; filename*=UTF-8''{quote(name)}"
