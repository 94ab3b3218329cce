"""The first page: of the installation for strangers, of the team for teammates."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue

from cornerspot.activity.wording import wording
from cornerspot.blueprints.home import charts
from cornerspot.blueprints.home.blueprint import blueprint
from cornerspot.blueprints.support.context import request_entitlements
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.people.permissions import Permission
from cornerspot.plans.features import Feature
from cornerspot.reports.cashflow import Cashflow, cashflows
from cornerspot.reports.overview import beginnings, deals_by_stage, recent_activity
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
    flows = cashflows() if sees_money else []
    return render_template(
        "home/index.html",
        today=team_today(),
        stages=deals_by_stage() if sees_deals else None,
        flows=flows,
        flow=_chosen(flows),
        charts=charts,
        activity=recent_activity(),
        wording=lambda entry: wording(entry, current_team().locale),
        pages=PAGES,
        begun=beginnings(),
        trial_ends_at=plan.trial_ends_at,
        sees_deals=sees_deals,
        sees_money=sees_money,
    )


def _chosen(flows: list[Cashflow]) -> Cashflow | None:
    """The currency that the address names, else the team's own, or the first there is."""
    named = [flow for flow in flows if flow.currency == request.args.get("currency")]
    return next(iter(named or flows), None)
