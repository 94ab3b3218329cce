"""The first page: of the installation for strangers, of the team for teammates."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from cornerspot.activity.wording import wording
from cornerspot.blueprints.home.blueprint import blueprint
from cornerspot.blueprints.support.context import request_entitlements
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.people.permissions import Permission
from cornerspot.plans.features import Feature
from cornerspot.reports.overview import beginnings, deals_by_stage, money_owed, recent_activity
from cornerspot.tenancy import current_team, team_today
from cornerspot.tenancy.http import team_of_request

# The record an entry is about, and the page that shows it.
PAGES = {
    "deal": ("crm.deals_show", "deal_id"),
    "account": ("crm.accounts_show", "account_id"),
    "invoice": ("billing.invoices_show", "invoice_id"),
}


@blueprint.get("/")
@gate(open_outside="the installation introduces itself")
def index() -> ResponseReturnValue:
    if team_of_request() is None:
        return render_template("home/landing.html")
    actor, plan = current_actor(), request_entitlements()
    sees_deals = plan.allows(Feature.CRM) and actor.may(Permission.READ_CRM)
    sees_money = plan.allows(Feature.BILLING) and actor.may(Permission.READ_INVOICES)
    return render_template(
        "home/index.html",
        today=team_today(),
        stages=deals_by_stage() if sees_deals else None,
        owed=money_owed() if sees_money else None,
        activity=recent_activity(),
        wording=lambda entry: wording(entry, current_team().locale),
        pages=PAGES,
        begun=beginnings(),
        trial_ends_at=plan.trial_ends_at,
        sees_deals=sees_deals,
        sees_money=sees_money,
    )
