"""Copying an invoice."""

from __future__ import annotations

from uuid import UUID

from flask import request
from flask.typing import ResponseReturnValue

from cornerspot.billing.duplicating import duplicate_invoice
from cornerspot.billing.reading import invoice_with_everything
from cornerspot.blueprints.billing.answers import back_to, refused_on_page, tell
from cornerspot.blueprints.billing.blueprint import blueprint
from cornerspot.blueprints.billing.invoice_page import ReasonForm
from cornerspot.blueprints.support.forms import use_case
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.people.permissions import Permission


@blueprint.post("/invoices/<id('inv'):invoice_id>/duplicates")
@gate(permission=Permission.CREATE_INVOICES)
def invoice_duplicates_create(invoice_id: UUID) -> ResponseReturnValue:
    invoice, form = invoice_with_everything(invoice_id, trashed=True), ReasonForm()
    with use_case(form) as outcome:
        copy = duplicate_invoice(invoice, by=current_actor(), finalize=request.form.get("next") == "finalize")
    if not outcome.ok:
        return refused_on_page(invoice_id, form)
    if copy.is_finalized:
        tell(copy, f"Copy finalized as {copy.number}.", pdf=True)
    else:
        tell(copy, "Draft invoice created from a copy.")
    return back_to(copy)
