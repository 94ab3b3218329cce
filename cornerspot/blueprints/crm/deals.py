"""Deals: list, page, form."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from cornerspot.activity.reading import entries_of
from cornerspot.blueprints.crm.blueprint import blueprint
from cornerspot.blueprints.crm.deal_forms import DealDraft
from cornerspot.blueprints.crm.helpers import changed_query, cursor_query, id_argument, owner_choices
from cornerspot.blueprints.support.forms import use_case
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.blueprints.support.line_form import changes_rows, empty_row
from cornerspot.blueprints.support.records import find, get_or_404
from cornerspot.blueprints.support.totals import totals_rows
from cornerspot.catalog.lines import totals_of
from cornerspot.crm.access import require_editable
from cornerspot.crm.archiving import archive_record, restore_record, trash_record
from cornerspot.crm.boards import pipelines
from cornerspot.crm.deal_page import deal_lines_options
from cornerspot.crm.deals import create_deal, update_deal
from cornerspot.crm.listing import DEAL_SORTS, DealFilter, deal_sums, deals_page
from cornerspot.crm.models import Account, Contact, Deal, StageClass
from cornerspot.kit.errors import Conflict
from cornerspot.people.permissions import Permission

SHOWN = ("live", "archived", "trash")


@blueprint.get("/deals")
@gate(permission=Permission.READ_CRM)
def deals_index() -> ResponseReturnValue:
    wanted, sort = _filter(), request.args.get("sort", "newest")
    page = deals_page(wanted, sort=sort, cursor=request.args.get("cursor"))
    stages = [stage for pipeline in pipelines() for stage in pipeline.stages]
    owners = owner_choices()
    return render_template(
        "crm/deals/index.html",
        deals=page.rows,
        sums=deal_sums(wanted),
        wanted=wanted,
        sort=sort if sort in DEAL_SORTS else "newest",
        stages=stages,
        owners=owners,
        chips=_chips(wanted, stages, owners),
        sort_href=lambda key: changed_query("crm.deals_index", sort=key),
        next_href=cursor_query("crm.deals_index", page.next_cursor),
        previous_href=cursor_query("crm.deals_index", page.previous_cursor),
    )


@blueprint.get("/deals/<id('dea'):deal_id>")
@gate(permission=Permission.READ_CRM)
def deals_show(deal_id: UUID) -> ResponseReturnValue:
    deal = get_or_404(Deal, deal_id, *deal_lines_options(), trashed=True)
    return show_page(deal)


def show_page(deal: Deal, **context: Any) -> str:
    """The deal's overview; ``context`` opens a dialog again after a refusal."""
    totals = totals_of(deal, deal.lines)
    return render_template(
        "crm/deals/show.html",
        deal=deal,
        tab="overview",
        totals=totals,
        rows=totals_rows(totals),
        entries=entries_of(deal, size=6).rows,
        **context,
    )


@blueprint.get("/deals/new")
@gate(permission=Permission.EDIT_OWN_CRM)
def deals_new() -> ResponseReturnValue:
    account_id, contact_id = id_argument("account", "acc"), id_argument("contact", "con")
    draft = DealDraft.blank(
        account=find(Account, account_id) if account_id else None,
        contact=find(Contact, contact_id) if contact_id else None,
        stage_id=id_argument("stage", "stg"),
    )
    return _form(draft)


@blueprint.post("/deals")
@gate(permission=Permission.EDIT_OWN_CRM)
def deals_create() -> ResponseReturnValue:
    draft = DealDraft.posted(None)
    if changes_rows(draft.lines, request.form):
        return _form(draft)
    if draft.is_valid():
        with use_case(draft.form) as outcome:
            deal = create_deal(draft.entered(), by=current_actor())
        if outcome.ok:
            flash("Deal created.", "success")
            return redirect(url_for("crm.deals_show", deal_id=deal.id), 303)
    return _form(draft), 422


@blueprint.get("/deals/<id('dea'):deal_id>/edit")
@gate(permission=Permission.EDIT_OWN_CRM)
def deals_edit(deal_id: UUID) -> ResponseReturnValue:
    deal = get_or_404(Deal, deal_id, *deal_lines_options())
    require_editable(deal, current_actor())
    return _form(DealDraft.stored(deal, deal.lines))


@blueprint.post("/deals/<id('dea'):deal_id>")
@gate(permission=Permission.EDIT_OWN_CRM)
def deals_update(deal_id: UUID) -> ResponseReturnValue:
    deal = get_or_404(Deal, deal_id, *deal_lines_options())
    draft = DealDraft.posted(deal)
    if changes_rows(draft.lines, request.form):
        return _form(draft)
    if draft.is_valid():
        with use_case(draft.form) as outcome:
            update_deal(deal, draft.entered(), by=current_actor(), seen=draft.form.version.seen)
        if outcome.ok:
            flash("Deal saved.", "success")
            return redirect(url_for("crm.deals_show", deal_id=deal_id), 303)
        draft.deal = get_or_404(Deal, deal_id, *deal_lines_options())
        if draft.form.stale:
            draft.form.version.data = str(draft.deal.version)
    return _form(draft), 422


@blueprint.post("/deals/preview")
@gate(permission=Permission.EDIT_OWN_CRM)
def deals_preview() -> ResponseReturnValue:
    deal_id = id_argument("deal", "dea")
    draft = DealDraft.posted(get_or_404(Deal, deal_id, *deal_lines_options()) if deal_id else None)
    totals = draft.totals()
    return render_template(
        "crm/deals/_preview.html",
        lines=draft.lines,
        currency=draft.form.currency.code,
        rows=totals_rows(totals),
        amounts=draft.amounts(totals),
    )


@blueprint.post("/deals/<id('dea'):deal_id>/archive")
@gate(permission=Permission.EDIT_OWN_CRM)
def deal_archives_create(deal_id: UUID) -> ResponseReturnValue:
    archive_record(get_or_404(Deal, deal_id), by=current_actor())
    flash("Deal archived.", "success")
    return redirect(url_for("crm.deals_show", deal_id=deal_id), 303)


@blueprint.post("/deals/<id('dea'):deal_id>/deletion")
@gate(permission=Permission.EDIT_OWN_CRM)
def deal_deletions_create(deal_id: UUID) -> ResponseReturnValue:
    deal = get_or_404(Deal, deal_id)
    try:
        trash_record(deal, by=current_actor())
    except Conflict as error:
        flash(error.message, "error")
        return redirect(url_for("crm.deals_show", deal_id=deal_id), 303)
    flash("Deal moved to the Trash.", "success")
    return redirect(url_for("crm.deals_index"), 303)


@blueprint.post("/deals/<id('dea'):deal_id>/restoration")
@gate(permission=Permission.EDIT_OWN_CRM)
def deal_restorations_create(deal_id: UUID) -> ResponseReturnValue:
    restore_record(get_or_404(Deal, deal_id, trashed=True), by=current_actor())
    flash("Deal restored.", "success")
    return redirect(url_for("crm.deals_show", deal_id=deal_id), 303)


def _form(draft: DealDraft) -> str:
    totals = draft.totals()
    return render_template(
        "crm/deals/form.html",
        draft=draft,
        form=draft.form,
        deal=draft.deal,
        amounts=draft.amounts(totals),
        rows=totals_rows(totals),
        empty=empty_row(),
    )


def _filter() -> DealFilter:
    stage_class, show = request.args.get("class", ""), request.args.get("show", "live")
    return DealFilter(
        search=request.args.get("q", "")[:200],
        stage_id=id_argument("stage", "stg"),
        stage_class=stage_class if stage_class in list(StageClass) else "",
        owner_id=id_argument("owner", "mem"),
        account_id=id_argument("account", "acc"),
        show=show if show in SHOWN else "live",
    )


def _chips(wanted: DealFilter, stages: list[Any], owners: list[tuple[UUID, str]]) -> list[dict[str, str]]:
    """The active filters in words, each with the address that takes it away."""
    stage = next((stage.name for stage in stages if stage.id == wanted.stage_id), None)
    owner = dict(owners).get(wanted.owner_id) if wanted.owner_id else None
    account = find(Account, wanted.account_id) if wanted.account_id else None
    found = {
        "q": f"“{wanted.search}”" if wanted.search.strip() else None,
        "stage": f"Stage: {stage}" if stage else None,
        "class": wanted.stage_class.capitalize() or None,
        "owner": f"Owner: {owner}" if owner else None,
        "account": f"Account: {account.name}" if account else None,
    }
    return [
        {"label": label, "href": changed_query("crm.deals_index", **{name: None})}
        for name, label in found.items()
        if label
    ]
