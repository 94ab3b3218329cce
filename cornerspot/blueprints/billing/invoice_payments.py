"""Manual payments: recording and undoing."""

from __future__ import annotations

from uuid import UUID

from flask.typing import ResponseReturnValue
from sqlalchemy import select

from cornerspot.billing.models import CheckoutAttempt, Invoice, Payment, PaymentAllocation
from cornerspot.billing.online.syncing import ask_again
from cornerspot.billing.reading import invoice_with_everything
from cornerspot.billing.settling import record_manual_payment, undo_payment
from cornerspot.blueprints.billing.answers import back_to, refused_on_page, tell
from cornerspot.blueprints.billing.blueprint import blueprint
from cornerspot.blueprints.billing.invoice_page import PaymentForm, ReasonForm
from cornerspot.blueprints.support.filters import money
from cornerspot.blueprints.support.forms import use_case
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.blueprints.support.records import get_or_404
from cornerspot.db import session
from cornerspot.kit.errors import Invalid, NotFound
from cornerspot.people.permissions import Permission
from cornerspot.tenancy import team_today

LONGEST_KEY = 64


@blueprint.post("/invoices/<id('inv'):invoice_id>/payments")
@gate(permission=Permission.RECORD_PAYMENTS)
def invoice_payments_create(invoice_id: UUID) -> ResponseReturnValue:
    invoice = invoice_with_everything(invoice_id)
    form = PaymentForm().bind(invoice)
    if not form.validate_on_submit():
        return refused_on_page(invoice_id, form, dialog="payment", form_name="payment")
    with use_case(form) as outcome:
        payment = _record(invoice, form)
    if not outcome.ok:
        return refused_on_page(invoice_id, form, dialog="payment", form_name="payment")
    paid = " The invoice is paid." if invoice.balance_minor == 0 else ""
    tell(invoice, f"Payment of {money(payment.amount_minor, payment.currency)} recorded.{paid}")
    return back_to(invoice)


@blueprint.post("/payments/<id('pay'):payment_id>/undoing")
@gate(permission=Permission.UNDO_PAYMENTS)
def payment_undoings_create(payment_id: UUID) -> ResponseReturnValue:
    payment, form = get_or_404(Payment, payment_id), ReasonForm()
    invoice_id = _invoice_id_of(payment)
    dialog = f"undo-{payment.id}"
    if not form.validate_on_submit():
        return refused_on_page(invoice_id, form, dialog=dialog)
    with use_case(form) as outcome:
        undo_payment(payment, reason=form.reason.data or "", by=current_actor())
    if not outcome.ok:
        return refused_on_page(invoice_id, form, dialog=dialog)
    invoice = invoice_with_everything(invoice_id)
    tell(invoice, f"Payment of {money(payment.amount_minor, payment.currency)} undone.")
    return back_to(invoice)


@blueprint.post("/payments/<id('pay'):payment_id>/checks")
@gate(permission=Permission.RECORD_PAYMENTS)
def payment_checks_create(payment_id: UUID) -> ResponseReturnValue:
    payment = get_or_404(Payment, payment_id)
    if payment.is_online:
        ask_again(payment)
    invoice = invoice_with_everything(_invoice_id_of(payment))
    tell(invoice, "Asking Stripe. Reload the page in a moment.")
    return back_to(invoice)


def _record(invoice: Invoice, form: PaymentForm) -> Payment:
    if form.amount.minor is None:
        raise Invalid("Enter the amount that arrived.", field="amount")
    key = form.request_key.data or ""
    if not key or len(key) > LONGEST_KEY or not key.isalnum():
        raise Invalid("Reload the page and try again.")
    return record_manual_payment(
        invoice,
        amount_minor=form.amount.minor,
        method=form.method.data,
        received_on=form.received_on.data or team_today(),
        reference=form.reference.data or "",
        note=form.note.data or "",
        by=current_actor(),
        request_key=key,
    )


def _invoice_id_of(payment: Payment) -> UUID:
    """The invoice that it settled first, or that it was asked for on."""
    settled = select(PaymentAllocation.invoice_id).where(PaymentAllocation.payment_id == payment.id)
    asked = select(CheckoutAttempt.invoice_id).where(CheckoutAttempt.id == payment.attempt_id)
    found = session.scalars(settled.order_by(PaymentAllocation.id)).first() or session.scalars(asked).first()
    if found is None:
        raise NotFound()
    return found
