"""Applying the customer's credit to an invoice."""

from __future__ import annotations

from uuid import UUID

from flask.typing import ResponseReturnValue

from cornerspot.billing.crediting import apply_credit
from cornerspot.billing.reading import invoice_with_everything
from cornerspot.blueprints.billing.answers import back_to, refused_on_page, tell
from cornerspot.blueprints.billing.blueprint import blueprint
from cornerspot.blueprints.billing.invoice_money import CreditForm
from cornerspot.blueprints.support.filters import money
from cornerspot.blueprints.support.forms import use_case
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.kit.errors import Invalid
from cornerspot.people.permissions import Permission


@blueprint.post("/invoices/<id('inv'):invoice_id>/credits")
@gate(permission=Permission.RECORD_PAYMENTS)
def invoice_credits_create(invoice_id: UUID) -> ResponseReturnValue:
    invoice = invoice_with_everything(invoice_id)
    form: CreditForm = CreditForm().bind(invoice.currency)
    if not form.validate_on_submit():
        return refused_on_page(invoice_id, form, dialog="credit", form_name="credit")
    with use_case(form) as outcome:
        if form.amount.minor is None:
            raise Invalid("Enter the amount to apply.", field="amount")
        applied = apply_credit(
            invoice, by=current_actor(), amount_minor=form.amount.minor, seen_balance_minor=_seen(form)
        )
    if not outcome.ok:
        return refused_on_page(invoice_id, form, dialog="credit", form_name="credit")
    paid = " The invoice is paid." if invoice.balance_minor == 0 else ""
    tell(invoice, f"Credit of {money(applied, invoice.currency)} applied.{paid}")
    return back_to(invoice)


def _seen(form: CreditForm) -> int:
    text = form.seen_balance.data or ""
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Invalid("Reload the page and try again.")
    return int(text)
