"""The Invoices tab of a deal: what was invoiced, and Create Invoice for the rest."""

from __future__ import annotations

from uuid import UUID

from flask import render_template
from flask.typing import ResponseReturnValue

from cornerspot.billing.deal_billing import billed_lines, unbilled_lines
from cornerspot.billing.models import Invoice
from cornerspot.billing.reading import invoices_of_deal, sums_of_deal
from cornerspot.billing.states import WITHDRAWN
from cornerspot.blueprints.billing.blueprint import blueprint
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor_or_none
from cornerspot.blueprints.support.records import get_or_404
from cornerspot.crm.deal_page import deal_lines_options
from cornerspot.crm.models import Deal
from cornerspot.people.permissions import Permission
from cornerspot.plans.features import Feature
from cornerspot.tenancy import team_today


@blueprint.app_template_global()
def live_invoices_of_deal(deal: Deal) -> list[Invoice]:
    """The deal's invoices that still stand, drafts too; none for those who may not see invoices."""
    actor = current_actor_or_none()
    if actor is None or not actor.may(Permission.READ_INVOICES):
        return []
    return [each for each in invoices_of_deal(deal.id) if each.status not in WITHDRAWN]


@blueprint.get("/deals/<id('dea'):deal_id>/invoices")
@gate(permission=Permission.READ_INVOICES, feature=Feature.CRM)
def deal_invoices_index(deal_id: UUID) -> ResponseReturnValue:
    deal = get_or_404(Deal, deal_id, *deal_lines_options())
    unbilled = unbilled_lines(deal)
    return render_template(
        "billing/deals/invoices.html",
        deal=deal,
        tab="invoices",
        invoices=invoices_of_deal(deal.id),
        sums=sums_of_deal(deal.id),
        unbilled=[part for part in unbilled if not part.line.is_recurring],
        recurring=[part for part in unbilled if part.line.is_recurring],
        reduced=[row for row in billed_lines(deal) if row.reduced],
        today=team_today(),
    )
