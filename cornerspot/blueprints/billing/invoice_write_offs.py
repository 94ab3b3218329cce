"""Marking an overdue invoice uncollectible, and reopening it."""

from __future__ import annotations

from uuid import UUID

from flask.typing import ResponseReturnValue

from cornerspot.billing.reading import invoice_with_everything
from cornerspot.billing.writing_off import reopen_invoice, write_off_invoice
from cornerspot.blueprints.billing.answers import back_to, refused_on_page, tell
from cornerspot.blueprints.billing.blueprint import blueprint
from cornerspot.blueprints.billing.invoice_page import ReasonForm
from cornerspot.blueprints.support.forms import use_case
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.people.permissions import Permission


@blueprint.post("/invoices/<id('inv'):invoice_id>/write-off")
@gate(permission=Permission.VOID_INVOICES)
def invoice_write_offs_create(invoice_id: UUID) -> ResponseReturnValue:
    invoice, form = invoice_with_everything(invoice_id), ReasonForm()
    if not form.validate_on_submit():
        return refused_on_page(invoice_id, form, dialog="write-off")
    with use_case(form) as outcome:
        write_off_invoice(invoice, reason=form.reason.data or "", by=current_actor())
    if not outcome.ok:
        return refused_on_page(invoice_id, form, dialog="write-off" if form.reason.errors else "")
    tell(invoice, f"Invoice {invoice.number} is marked uncollectible.")
    return back_to(invoice)


@blueprint.post("/invoices/<id('inv'):invoice_id>/write-off/removal")
@gate(permission=Permission.VOID_INVOICES)
def invoice_write_offs_destroy(invoice_id: UUID) -> ResponseReturnValue:
    invoice, form = invoice_with_everything(invoice_id), ReasonForm()
    if not form.validate_on_submit():
        return refused_on_page(invoice_id, form, dialog="reopen")
    with use_case(form) as outcome:
        reopen_invoice(invoice, reason=form.reason.data or "", by=current_actor())
    if not outcome.ok:
        return refused_on_page(invoice_id, form)
    tell(invoice, f"Invoice {invoice.number} is reopened.")
    return back_to(invoice)
