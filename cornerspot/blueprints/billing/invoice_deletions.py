"""Drafts into the Trash and back."""

from __future__ import annotations

from uuid import UUID

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from cornerspot.billing.deleting import delete_invoice, restore_invoice
from cornerspot.billing.reading import invoice_with_everything
from cornerspot.blueprints.billing.answers import back_to, refused_on_page, tell, tell_with_link
from cornerspot.blueprints.billing.blueprint import blueprint
from cornerspot.blueprints.billing.invoice_page import ReasonForm
from cornerspot.blueprints.support.forms import use_case
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.people.permissions import Permission


@blueprint.post("/invoices/<id('inv'):invoice_id>/deletion")
@gate(permission=Permission.CREATE_INVOICES)
def invoice_deletions_create(invoice_id: UUID) -> ResponseReturnValue:
    invoice, form = invoice_with_everything(invoice_id, trashed=True), ReasonForm()
    with use_case(form) as outcome:
        delete_invoice(invoice, by=current_actor())
    if not outcome.ok:
        return refused_on_page(invoice_id, form)
    href = url_for("billing.invoices_show", invoice_id=invoice_id)
    tell_with_link("Draft moved to the Trash for 30 days.", href, "Open it to restore")
    return redirect(url_for("billing.invoices_index"), 303)


@blueprint.post("/invoices/<id('inv'):invoice_id>/restoration")
@gate(permission=Permission.CREATE_INVOICES)
def invoice_restorations_create(invoice_id: UUID) -> ResponseReturnValue:
    invoice, form = invoice_with_everything(invoice_id, trashed=True), ReasonForm()
    with use_case(form) as outcome:
        restore_invoice(invoice, by=current_actor())
    if not outcome.ok:
        return refused_on_page(invoice_id, form)
    tell(invoice, "Draft restored.")
    return back_to(invoice)
