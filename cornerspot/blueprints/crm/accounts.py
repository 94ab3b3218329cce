"""Accounts: list, page with its tabs, form."""

from __future__ import annotations

from uuid import UUID

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload

from cornerspot.activity.notes import add_note
from cornerspot.activity.reading import entries_of
from cornerspot.blueprints.crm.account_forms import AccountForm, account_data
from cornerspot.blueprints.crm.blueprint import blueprint
from cornerspot.blueprints.crm.helpers import cursor_query, id_argument, owner_choices
from cornerspot.blueprints.support.forms import use_case
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.blueprints.support.inline import is_inline, made
from cornerspot.blueprints.support.records import get_or_404
from cornerspot.crm.accounts import create_account, update_account
from cornerspot.crm.archiving import archive_record, restore_record, trash_record
from cornerspot.crm.listing import DealFilter, account_choices, accounts_page, contacts_page, deal_sums, deals_page
from cornerspot.crm.models import Account
from cornerspot.kit.errors import Conflict, Invalid
from cornerspot.people.models import Membership
from cornerspot.people.permissions import Permission
from cornerspot.plans.features import KEEPING_CUSTOMERS

OPTIONS = (joinedload(Account.owner).joinedload(Membership.person),)


@blueprint.get("/accounts")
@gate(permission=Permission.READ_CRM, any_feature=KEEPING_CUSTOMERS)
def accounts_index() -> ResponseReturnValue:
    search, show = request.args.get("q", "")[:200], request.args.get("show", "live")
    page = accounts_page(
        search=search, owner_id=id_argument("owner", "mem"), show=show, cursor=request.args.get("cursor")
    )
    return render_template(
        "crm/accounts/index.html",
        accounts=page.rows,
        search=search,
        show=show,
        owners=owner_choices(),
        next_href=cursor_query("crm.accounts_index", page.next_cursor),
        previous_href=cursor_query("crm.accounts_index", page.previous_cursor),
    )


@blueprint.get("/accounts/choices")
@gate(permission=Permission.READ_CRM, any_feature=KEEPING_CUSTOMERS)
def account_choices_index() -> ResponseReturnValue:
    rows = account_choices(request.args.get("q", "")[:200])
    return jsonify(
        [{"value": str(row.id), "text": row.name, "hint": row.billing_address.get("city", "")} for row in rows]
    )


@blueprint.get("/accounts/<id('acc'):account_id>")
@gate(permission=Permission.READ_CRM, any_feature=KEEPING_CUSTOMERS)
def accounts_show(account_id: UUID) -> ResponseReturnValue:
    account = get_or_404(Account, account_id, *OPTIONS, trashed=True)
    deals = deals_page(DealFilter(account_id=account_id), size=5)
    return render_template(
        "crm/accounts/show.html",
        account=account,
        tab="overview",
        deals=deals.rows,
        contacts=contacts_page(account_id=account_id).rows[:5],
        won=deal_sums(DealFilter(account_id=account_id, stage_class="won")),
        open=deal_sums(DealFilter(account_id=account_id, stage_class="open")),
        entries=entries_of(account, size=6).rows,
    )


@blueprint.get("/accounts/<id('acc'):account_id>/contacts")
@gate(permission=Permission.READ_CRM, any_feature=KEEPING_CUSTOMERS)
def account_contacts_index(account_id: UUID) -> ResponseReturnValue:
    account = get_or_404(Account, account_id, *OPTIONS)
    page = contacts_page(account_id=account_id, cursor=request.args.get("cursor"))
    return render_template(
        "crm/accounts/contacts.html",
        account=account,
        tab="contacts",
        contacts=page.rows,
        next_href=cursor_query("crm.account_contacts_index", page.next_cursor),
        previous_href=cursor_query("crm.account_contacts_index", page.previous_cursor),
    )


@blueprint.get("/accounts/<id('acc'):account_id>/deals")
@gate(permission=Permission.READ_CRM)
def account_deals_index(account_id: UUID) -> ResponseReturnValue:
    account = get_or_404(Account, account_id, *OPTIONS)
    page = deals_page(DealFilter(account_id=account_id), cursor=request.args.get("cursor"))
    return render_template(
        "crm/accounts/deals.html",
        account=account,
        tab="deals",
        deals=page.rows,
        next_href=cursor_query("crm.account_deals_index", page.next_cursor),
        previous_href=cursor_query("crm.account_deals_index", page.previous_cursor),
    )


@blueprint.get("/accounts/<id('acc'):account_id>/activity")
@gate(permission=Permission.READ_CRM, any_feature=KEEPING_CUSTOMERS)
def account_activity_index(account_id: UUID) -> ResponseReturnValue:
    account = get_or_404(Account, account_id, *OPTIONS)
    page = entries_of(account, kind=request.args.get("kind", ""), cursor=request.args.get("cursor"))
    return render_template(
        "crm/accounts/activity.html",
        account=account,
        tab="activity",
        entries=page.rows,
        next_href=cursor_query("crm.account_activity_index", page.next_cursor),
    )


@blueprint.post("/accounts/<id('acc'):account_id>/notes")
@gate(permission=Permission.READ_CRM, any_feature=KEEPING_CUSTOMERS)
def account_notes_create(account_id: UUID) -> ResponseReturnValue:
    account = get_or_404(Account, account_id)
    try:
        add_note(account, request.form.get("body", ""), by=current_actor())
    except Invalid as error:
        flash(error.message, "error")
    else:
        flash("Note added.", "success")
    return redirect(url_for("crm.account_activity_index", account_id=account_id), 303)


@blueprint.get("/accounts/new")
@gate(permission=Permission.EDIT_CRM, any_feature=KEEPING_CUSTOMERS)
def accounts_new() -> ResponseReturnValue:
    form = AccountForm(formdata=None, data={"name": request.args.get("name", "")[:200]})
    return _form(form, None)


@blueprint.post("/accounts")
@gate(permission=Permission.EDIT_CRM, any_feature=KEEPING_CUSTOMERS)
def accounts_create() -> ResponseReturnValue:
    form = AccountForm()
    form.offer(None)
    if form.validate_on_submit():
        with use_case(form) as outcome:
            account = create_account(form.entered(), by=current_actor())
        if outcome.ok:
            choice = {"value": str(account.id), "text": account.name, "hint": account.billing_email}
            return made(choice, said="Account created.", page=url_for("crm.accounts_show", account_id=account.id))
    return _form(form, None), 422


@blueprint.get("/accounts/<id('acc'):account_id>/edit")
@gate(permission=Permission.EDIT_CRM, any_feature=KEEPING_CUSTOMERS)
def accounts_edit(account_id: UUID) -> ResponseReturnValue:
    account = get_or_404(Account, account_id)
    return _form(AccountForm(formdata=None, data=account_data(account)), account)


@blueprint.post("/accounts/<id('acc'):account_id>")
@gate(permission=Permission.EDIT_CRM, any_feature=KEEPING_CUSTOMERS)
def accounts_update(account_id: UUID) -> ResponseReturnValue:
    account = get_or_404(Account, account_id)
    form = AccountForm()
    form.offer(account)
    if form.validate_on_submit():
        with use_case(form) as outcome:
            update_account(account, form.entered(), by=current_actor(), seen=form.version.seen)
        if outcome.ok:
            flash("Account saved.", "success")
            return redirect(url_for("crm.accounts_show", account_id=account_id), 303)
        account = get_or_404(Account, account_id)
        if form.stale:
            form.version.data = str(account.version)
    return _form(form, account), 422


@blueprint.post("/accounts/<id('acc'):account_id>/archive")
@gate(permission=Permission.EDIT_CRM, any_feature=KEEPING_CUSTOMERS)
def account_archives_create(account_id: UUID) -> ResponseReturnValue:
    archive_record(get_or_404(Account, account_id), by=current_actor())
    flash("Account archived.", "success")
    return redirect(url_for("crm.accounts_show", account_id=account_id), 303)


@blueprint.post("/accounts/<id('acc'):account_id>/deletion")
@gate(permission=Permission.EDIT_CRM, any_feature=KEEPING_CUSTOMERS)
def account_deletions_create(account_id: UUID) -> ResponseReturnValue:
    account = get_or_404(Account, account_id)
    try:
        trash_record(account, by=current_actor())
    except Conflict as error:
        flash(error.message, "error")
        return redirect(url_for("crm.accounts_show", account_id=account_id), 303)
    flash("Account moved to the Trash.", "success")
    return redirect(url_for("crm.accounts_index"), 303)


@blueprint.post("/accounts/<id('acc'):account_id>/restoration")
@gate(permission=Permission.EDIT_CRM, any_feature=KEEPING_CUSTOMERS)
def account_restorations_create(account_id: UUID) -> ResponseReturnValue:
    restore_record(get_or_404(Account, account_id, trashed=True), by=current_actor())
    flash("Account restored.", "success")
    return redirect(url_for("crm.accounts_show", account_id=account_id), 303)


def _form(form: AccountForm, account: Account | None) -> str:
    form.offer(account)
    page = "crm/accounts/dialog.html" if is_inline() and account is None else "crm/accounts/form.html"
    return render_template(page, form=form, account=account)
