"""Finalizing a draft."""

from __future__ import annotations

from uuid import UUID

from flask.typing import ResponseReturnValue

from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.models import Invoice
from cornerspot.blueprints.billing.answers import back_to, refused_on_page, tell
from cornerspot.blueprints.billing.blueprint import blueprint
from cornerspot.blueprints.billing.invoice_page import ReasonForm
from cornerspot.blueprints.support.forms import use_case
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.blueprints.support.records import named
from cornerspot.people.permissions import Permission


@blueprint.post("/invoices/<id('inv'):invoice_id>/finalization")
@gate(permission=Permission.FINALIZE_INVOICES)
def invoice_finalizations_create(invoice_id: UUID) -> ResponseReturnValue:
    invoice = named(Invoice, invoice_id)
    with use_case(ReasonForm) as outcome:
        finalize_invoice(invoice, by=current_actor())
    if outcome.form is not None:
        return refused_on_page(invoice_id, outcome.form)
    tell(invoice, f"Invoice {invoice.number} finalized.", pdf=True)
    return back_to(invoice)
