"""Notes of teammates on an invoice."""

from __future__ import annotations

from uuid import UUID

from flask import flash, request
from flask.typing import ResponseReturnValue

from cornerspot.activity.notes import add_note
from cornerspot.billing.models import Invoice
from cornerspot.blueprints.billing.answers import back_to
from cornerspot.blueprints.billing.blueprint import blueprint
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.blueprints.support.records import get_or_404
from cornerspot.kit.errors import Invalid
from cornerspot.people.permissions import Permission


@blueprint.post("/invoices/<id('inv'):invoice_id>/notes")
@gate(permission=Permission.READ_INVOICES)
def invoice_notes_create(invoice_id: UUID) -> ResponseReturnValue:
    invoice = get_or_404(Invoice, invoice_id)
    try:
        add_note(invoice, request.form.get("body", ""), by=current_actor())
    except Invalid as error:
        flash(error.message, "error")
    else:
        flash("Note added.", "success")
    return back_to(invoice)
