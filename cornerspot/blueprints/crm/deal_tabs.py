"""The tabs of a deal's page beside its overview: line items and activity, with its notes."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from cornerspot.activity.notes import add_note
from cornerspot.activity.reading import entries_of
from cornerspot.blueprints.crm.blueprint import blueprint
from cornerspot.blueprints.crm.helpers import cursor_query
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.blueprints.support.records import get_or_404
from cornerspot.blueprints.support.totals import totals_rows
from cornerspot.catalog.lines import totals_of
from cornerspot.crm.deal_page import deal_lines_options, deal_page_options
from cornerspot.crm.models import Deal
from cornerspot.kit.errors import Invalid
from cornerspot.people.permissions import Permission


@blueprint.get("/deals/<id('dea'):deal_id>/lines")
@gate(permission=Permission.READ_CRM)
def deal_lines_index(deal_id: UUID) -> ResponseReturnValue:
    deal = get_or_404(Deal, deal_id, *deal_lines_options())
    totals = totals_of(deal, deal.lines)
    return render_template("crm/deals/lines.html", deal=deal, tab="lines", totals=totals, rows=totals_rows(totals))


@blueprint.get("/deals/<id('dea'):deal_id>/activity")
@gate(permission=Permission.READ_CRM)
def deal_activity_index(deal_id: UUID) -> ResponseReturnValue:
    deal = get_or_404(Deal, deal_id, *deal_page_options())
    kind = request.args.get("kind", "")
    page = entries_of(deal, kind=kind, cursor=request.args.get("cursor"))
    return render_template(
        "crm/deals/activity.html",
        deal=deal,
        tab="activity",
        kind=kind,
        entries=page.rows,
        next_href=cursor_query("crm.deal_activity_index", page.next_cursor),
    )


@blueprint.post("/deals/<id('dea'):deal_id>/notes")
@gate(permission=Permission.READ_CRM)
def deal_notes_create(deal_id: UUID) -> ResponseReturnValue:
    deal = get_or_404(Deal, deal_id)
    try:
        add_note(deal, request.form.get("body", ""), by=current_actor())
    except Invalid as error:
        flash(error.message, "error")
    else:
        flash("Note added.", "success")
    return redirect(url_for("crm.deal_activity_index", deal_id=deal_id), 303)
