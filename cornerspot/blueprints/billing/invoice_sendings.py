"""Sending an invoice to its customer."""

from __future__ import annotations

from uuid import UUID

from flask.typing import ResponseReturnValue

from cornerspot.billing.reading import invoice_with_everything
from cornerspot.billing.sending import send_invoice
from cornerspot.billing.states import InvoiceStatus
from cornerspot.blueprints.billing.answers import back_to, refused_on_page, tell
from cornerspot.blueprints.billing.blueprint import blueprint
from cornerspot.blueprints.billing.invoice_letters import LetterForm, offered_letters
from cornerspot.blueprints.support.forms import use_case
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.people.permissions import Permission


@blueprint.post("/invoices/<id('inv'):invoice_id>/sending")
@gate(permission=Permission.SEND_INVOICES)
def invoice_sendings_create(invoice_id: UUID) -> ResponseReturnValue:
    """A draft is finalized first: the dialog's button says so."""
    invoice, form = invoice_with_everything(invoice_id), LetterForm()
    was_draft = invoice.status == InvoiceStatus.DRAFT
    if form.validate_on_submit():
        with use_case(form) as outcome:
            send_invoice(invoice, form.entered(), by=current_actor(), finalize=was_draft)
        if outcome.ok:
            tell(invoice, f"Invoice {invoice.number} {'finalized and ' if was_draft else ''}on its way.", pdf=was_draft)
            return back_to(invoice)
    # Where the dialog is not offered any more, the page itself says why.
    dialog = "send" if "invoice" in offered_letters(invoice_with_everything(invoice_id)) else ""
    return refused_on_page(invoice_id, form, dialog=dialog, form_name="invoice")
