"""Voiding a finalized invoice, and voiding it with a copy to correct."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from cornerspot.billing.duplicating import duplicate_invoice
from cornerspot.billing.reading import invoice_with_everything
from cornerspot.billing.voiding import void_invoice
from cornerspot.blueprints.billing.answers import back_to, refused_on_page, tell
from cornerspot.blueprints.billing.blueprint import blueprint
from cornerspot.blueprints.billing.invoice_page import ReasonForm
from cornerspot.blueprints.support.forms import use_case
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.kit.errors import Invalid
from cornerspot.people.permissions import Permission

WORD = "void"


@blueprint.post("/invoices/<id('inv'):invoice_id>/void")
@gate(permission=Permission.VOID_INVOICES)
def invoice_voids_create(invoice_id: UUID) -> ResponseReturnValue:
    invoice, form = invoice_with_everything(invoice_id), ReasonForm()
    if not form.validate_on_submit():
        return refused_on_page(invoice_id, form, dialog="void")
    copies = "copy" in request.form
    with use_case(form) as outcome:
        if request.form.get("typed_word", "").strip().lower() != WORD:
            raise Invalid(f"Type {WORD} to go on.")
        void_invoice(invoice, by=current_actor(), reason=form.reason.data or "", money=request.form.get("money", ""))
        copy = duplicate_invoice(invoice, by=current_actor()) if copies else None
    if not outcome.ok:
        return refused_on_page(invoice_id, form, dialog="void")
    if copy is not None:
        flash(f"Invoice {invoice.number} is void. This is the copy to correct.", "success")
        return redirect(url_for("billing.invoices_edit", invoice_id=copy.id), 303)
    tell(invoice, f"Invoice {invoice.number} is void.")
    return back_to(invoice)
