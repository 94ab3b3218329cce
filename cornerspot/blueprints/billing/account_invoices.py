"""An account's invoices: the tab of its page, and what it owes for the overview."""

from __future__ import annotations

from uuid import UUID

from flask import render_template, request
from flask.typing import ResponseReturnValue

from cornerspot.billing.crediting import credit_balances
from cornerspot.billing.list_filter import InvoiceFilter
from cornerspot.billing.listing import invoices_page
from cornerspot.billing.reading import CurrencySums, sums_of_account
from cornerspot.blueprints.billing.blueprint import blueprint
from cornerspot.blueprints.billing.invoice_money import CreditRefundForm, credit_refund_form
from cornerspot.blueprints.support.context import request_entitlements
from cornerspot.blueprints.support.forms import Form
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor_or_none
from cornerspot.blueprints.support.records import get_or_404
from cornerspot.crm.models import Account
from cornerspot.kit.money import Money
from cornerspot.people.permissions import Permission
from cornerspot.plans.features import Feature
from cornerspot.tenancy import team_today


@blueprint.get("/accounts/<id('acc'):account_id>/invoices")
@gate(permission=Permission.READ_INVOICES)
def account_invoices_index(account_id: UUID) -> ResponseReturnValue:
    return render_account_invoices(get_or_404(Account, account_id))


def render_account_invoices(account: Account, *, refused: CreditRefundForm | None = None) -> str:
    """The tab; ``refused`` is the form of a refund of credit that was sent back."""
    page = invoices_page(InvoiceFilter(account_id=account.id), cursor=request.args.get("cursor"))
    return render_template(
        "billing/accounts/invoices.html",
        account=account,
        tab="invoices",
        page=page,
        sums=sums_of_account(account.id),
        credits=[(credit, _form_of(credit, refused)) for credit in credit_balances(account.id)],
        refused=refused,
        today=team_today(),
    )


def _form_of(credit: Money, refused: CreditRefundForm | None) -> Form:
    if refused is not None and refused.currency.code == credit.currency:
        return refused
    return credit_refund_form(credit)


@blueprint.app_template_global()
def money_of_account(account: Account) -> list[CurrencySums] | None:
    """What the account was invoiced and owes, per currency; None for those who may not see invoices."""
    actor = current_actor_or_none()
    if actor is None or not actor.may(Permission.READ_INVOICES):
        return None
    return sums_of_account(account.id) if request_entitlements().allows(Feature.BILLING) else None
