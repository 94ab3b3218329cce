"""Refunding a payment from the page of an invoice that it paid."""

from __future__ import annotations

from uuid import UUID

from flask.typing import ResponseReturnValue

from cornerspot.billing.models import Payment, Refund
from cornerspot.billing.payments_reading import money_of
from cornerspot.billing.reading import invoice_with_everything
from cornerspot.billing.refunding import refund_payment
from cornerspot.blueprints.billing.answers import back_to, refused_on_page, tell
from cornerspot.blueprints.billing.blueprint import blueprint
from cornerspot.blueprints.billing.invoice_money import RefundForm, read_key
from cornerspot.blueprints.support.filters import money
from cornerspot.blueprints.support.forms import use_case
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.blueprints.support.records import get_or_404
from cornerspot.kit.errors import Invalid, NotFound
from cornerspot.kit.money import Money
from cornerspot.people.permissions import Permission


@blueprint.post("/invoices/<id('inv'):invoice_id>/payments/<id('pay'):payment_id>/refunds")
@gate(permission=Permission.UNDO_PAYMENTS)
def invoice_refunds_create(invoice_id: UUID, payment_id: UUID) -> ResponseReturnValue:
    invoice, payment = invoice_with_everything(invoice_id), get_or_404(Payment, payment_id)
    if all(row.payment.id != payment_id for row in money_of(invoice).payments):
        raise NotFound()
    form: RefundForm = RefundForm().bind(payment.currency)
    dialog = f"refund-{payment_id}"
    if not form.validate_on_submit():
        return refused_on_page(invoice_id, form, dialog=dialog, form_name=dialog)
    with use_case(form) as outcome:
        refund = refund_payment(
            payment,
            _amount(form, payment),
            still_owed=bool(form.still_owed.data),
            reason=form.reason.data or "",
            by=current_actor(),
            request_key=read_key(form),
            invoice=invoice,
        )
    if not outcome.ok:
        return refused_on_page(invoice_id, form, dialog=dialog, form_name=dialog)
    tell(invoice, _said(refund))
    return back_to(invoice)


def _amount(form: RefundForm, payment: Payment) -> Money:
    if form.amount.minor is None:
        raise Invalid("Enter the amount that goes back.", field="amount")
    return Money(form.amount.minor, payment.currency)


def _said(refund: Refund) -> str:
    amount = money(refund.amount_minor, refund.currency)
    return f"Refund of {amount} recorded." if refund.origin == "manual" else f"Refund of {amount} is on its way."
