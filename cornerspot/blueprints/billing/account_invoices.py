"""An account's invoices: the tab of its page, and what it owes for the overview."""

from __future__ import annotations

from uuid import UUID

from flask import render_template, request
from flask.typing import ResponseReturnValue

from cornerspot.billing.reading import CurrencySums, invoices_page, sums_of_account
from cornerspot.blueprints.billing.blueprint import blueprint
from cornerspot.blueprints.support.context import request_entitlements
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor_or_none
from cornerspot.blueprints.support.records import get_or_404
from cornerspot.crm.models import Account
from cornerspot.people.permissions import Permission
from cornerspot.plans.features import Feature
from cornerspot.tenancy import team_today


@blueprint.get("/accounts/<id('acc'):account_id>/invoices")
@gate(permission=Permission.READ_INVOICES)
def account_invoices_index(account_id: UUID) -> ResponseReturnValue:
    account = get_or_404(Account, account_id)
    page = invoices_page(account_id=account_id, after=request.args.get("after"), before=request.args.get("before"))
    return render_template(
        "billing/accounts/invoices.html",
        account=account,
        tab="invoices",
        page=page,
        sums=sums_of_account(account_id),
        today=team_today(),
    )


@blueprint.app_template_global()
def money_of_account(account: Account) -> list[CurrencySums] | None:
    """What the account was invoiced and owes, per currency; None for those who may not see invoices."""
    actor = current_actor_or_none()
    if actor is None or not actor.may(Permission.READ_INVOICES):
        return None
    return sums_of_account(account.id) if request_entitlements().allows(Feature.BILLING) else None
