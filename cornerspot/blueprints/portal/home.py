"""The first page of the portal: what is due, what is on its way, what was paid, and the next step."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from cornerspot.billing.crediting import credit_balances
from cornerspot.blueprints.portal.blueprint import blueprint
from cornerspot.blueprints.support.customer_invoice import online_connection
from cornerspot.blueprints.support.gate import member_route
from cornerspot.blueprints.support.members import current_account
from cornerspot.portal.invoices import due_invoices, due_of_account
from cornerspot.portal.payments import invoices_of, payment_state, recent_payments
from cornerspot.tenancy import team_today


@blueprint.get("/")
@member_route()
def home_index() -> ResponseReturnValue:
    account = current_account()
    payments = recent_payments(account.id)
    return render_template(
        "portal/home.html",
        due=due_of_account(account.id),
        invoices=due_invoices(account.id),
        can_pay=online_connection() is not None,
        payments=payments,
        paid=invoices_of(payments),
        credit=credit_balances(account.id),
        state=payment_state,
        today=team_today(),
    )
