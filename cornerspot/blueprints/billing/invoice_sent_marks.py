"""Telling that an invoice was sent by other means."""

from __future__ import annotations

from uuid import UUID

from flask.typing import ResponseReturnValue

from cornerspot.billing.marking_sent import mark_sent
from cornerspot.billing.reading import invoice_with_everything
from cornerspot.blueprints.billing.answers import back_to, refused_on_page, tell
from cornerspot.blueprints.billing.blueprint import blueprint
from cornerspot.blueprints.billing.invoice_page import ReasonForm
from cornerspot.blueprints.support.forms import use_case
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.people.permissions import Permission


@blueprint.post("/invoices/<id('inv'):invoice_id>/sent-mark")
@gate(permission=Permission.SEND_INVOICES)
def invoice_sent_marks_create(invoice_id: UUID) -> ResponseReturnValue:
    invoice, form = invoice_with_everything(invoice_id), ReasonForm()
    with use_case(form) as outcome:
        mark_sent(invoice, by=current_actor())
    if not outcome.ok:
        return refused_on_page(invoice_id, form)
    tell(invoice, f"Invoice {invoice.number} marked as sent.")
    return back_to(invoice)
