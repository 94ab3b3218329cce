"""Sending a customer's credit back, from the Invoices tab of its account."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue

from cornerspot.billing.crediting import credit_balances, refund_credit
from cornerspot.blueprints.billing.account_invoices import render_account_invoices
from cornerspot.blueprints.billing.blueprint import blueprint
from cornerspot.blueprints.billing.invoice_money import CreditRefundForm, read_key
from cornerspot.blueprints.support.filters import money
from cornerspot.blueprints.support.forms import use_case
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.blueprints.support.records import get_or_404
from cornerspot.crm.models import Account
from cornerspot.kit.errors import Invalid, NotFound
from cornerspot.kit.money import Money
from cornerspot.people.permissions import Permission


@blueprint.post("/accounts/<id('acc'):account_id>/credit/<currency>/refunds")
@gate(permission=Permission.UNDO_PAYMENTS)
def account_credit_refunds_create(account_id: UUID, currency: str) -> ResponseReturnValue:
    account = get_or_404(Account, account_id)
    if currency not in {credit.currency for credit in credit_balances(account_id)}:
        raise NotFound()
    form: CreditRefundForm = CreditRefundForm().bind(currency)
    if not form.validate_on_submit():
        return render_account_invoices(account, refused=form), 422
    with use_case(form) as outcome:
        if form.amount.minor is None:
            raise Invalid("Enter the amount that goes back.", field="amount")
        amount = Money(form.amount.minor, currency)
        refund_credit(account, amount, reason=form.reason.data or "", by=current_actor(), request_key=read_key(form))
    if not outcome.ok:
        return render_account_invoices(get_or_404(Account, account_id), refused=form), 422
    flash(f"Refund of {money(amount.minor, currency)} is on its way.", "success")
    return redirect(url_for("billing.account_invoices_index", account_id=account_id), 303)
