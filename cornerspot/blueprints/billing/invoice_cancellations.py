"""Cancelling a draft."""

from __future__ import annotations

from uuid import UUID

from flask.typing import ResponseReturnValue

from cornerspot.billing.cancelling import cancel_invoice
from cornerspot.billing.reading import invoice_with_everything
from cornerspot.blueprints.billing.answers import back_to, refused_on_page, tell
from cornerspot.blueprints.billing.blueprint import blueprint
from cornerspot.blueprints.billing.invoice_page import ReasonForm
from cornerspot.blueprints.support.forms import use_case
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.people.permissions import Permission


@blueprint.post("/invoices/<id('inv'):invoice_id>/cancellation")
@gate(permission=Permission.CREATE_INVOICES)
def invoice_cancellations_create(invoice_id: UUID) -> ResponseReturnValue:
    invoice, form = invoice_with_everything(invoice_id), ReasonForm()
    if not form.validate_on_submit():
        return refused_on_page(invoice_id, form, dialog="cancel")
    with use_case(form) as outcome:
        cancel_invoice(invoice, by=current_actor(), reason=form.reason.data or "")
    if not outcome.ok:
        return refused_on_page(invoice_id, form)
    tell(invoice, "Draft cancelled.")
    return back_to(invoice)
