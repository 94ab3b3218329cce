"""The PDF of an invoice, for saving or looking at."""

from __future__ import annotations

from uuid import UUID

from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload

from cornerspot.billing.models import Invoice
from cornerspot.billing.rendering import invoice_paper, stored_invoice_pdf
from cornerspot.blueprints.billing.blueprint import blueprint
from cornerspot.blueprints.support.downloads import paper_response, stored_response
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.records import get_or_404
from cornerspot.people.permissions import Permission


@blueprint.get("/invoices/<id('inv'):invoice_id>/pdf")
@gate(permission=Permission.READ_INVOICES, writes_on_get=True)  # The worker may not have come to it yet.
def invoice_pdf_show(invoice_id: UUID) -> ResponseReturnValue:
    inline = "view" in request.args
    stored = stored_invoice_pdf(invoice_id)
    if stored is not None:
        return stored_response(stored, inline=inline)
    invoice = get_or_404(Invoice, invoice_id, joinedload(Invoice.account), trashed=True)
    return paper_response(invoice_paper(invoice), inline=inline)
