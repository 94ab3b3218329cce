"""Invoices: page, form, live totals."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from cornerspot.billing.drafting import NOT_A_DRAFT, DraftInput, create_draft, draft_input, update_draft
from cornerspot.billing.invoicing_deals import deal_to_bill, deal_with_lines, draft_for_deal
from cornerspot.billing.models import Invoice
from cornerspot.billing.reading import invoice_with_everything
from cornerspot.billing.settings import billing_settings
from cornerspot.billing.states import InvoiceStatus
from cornerspot.blueprints.billing.blueprint import blueprint
from cornerspot.blueprints.billing.differences import explain
from cornerspot.blueprints.billing.invoice_forms import InvoiceDraft
from cornerspot.blueprints.billing.invoice_page import render_invoice
from cornerspot.blueprints.support.forms import use_case
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.blueprints.support.line_form import changes_rows, empty_row
from cornerspot.blueprints.support.records import find
from cornerspot.blueprints.support.totals import totals_rows
from cornerspot.crm.models import Account, Contact, Deal
from cornerspot.kit.errors import Conflict
from cornerspot.kit.ids import decode_public_id
from cornerspot.people.permissions import Permission
from cornerspot.tenancy import current_team


@blueprint.get("/invoices/<id('inv'):invoice_id>")
@gate(permission=Permission.READ_INVOICES)
def invoices_show(invoice_id: UUID) -> ResponseReturnValue:
    return render_invoice(invoice_with_everything(invoice_id, trashed=True))


@blueprint.get("/invoices/new")
@gate(permission=Permission.CREATE_INVOICES)
def invoices_new() -> ResponseReturnValue:
    deal = _deal_argument()
    if deal is not None:
        entered = deal_to_bill(deal)
    else:
        entered = _starting_input()
    return _form(InvoiceDraft.showing(entered, deal=deal))


@blueprint.post("/invoices")
@gate(permission=Permission.CREATE_INVOICES)
def invoices_create() -> ResponseReturnValue:
    deal = _deal_argument()
    draft = InvoiceDraft.posted(deal=deal)
    if changes_rows(draft.lines, request.form):
        return _form(draft)
    if draft.is_valid():
        with use_case(draft.form) as outcome:
            entered, actor = draft.entered(), current_actor()
            invoice = draft_for_deal(deal, entered, by=actor) if deal else create_draft(entered, by=actor)
        if outcome.ok:
            flash("Draft invoice created.", "success")
            return redirect(url_for("billing.invoices_show", invoice_id=invoice.id), 303)
        draft = InvoiceDraft.posted(deal=_deal_argument(), form=draft.form)
    return _form(draft), 422


@blueprint.get("/invoices/<id('inv'):invoice_id>/edit")
@gate(permission=Permission.CREATE_INVOICES)
def invoices_edit(invoice_id: UUID) -> ResponseReturnValue:
    invoice = invoice_with_everything(invoice_id)
    _require_draft(invoice)
    return _form(InvoiceDraft.showing(draft_input(invoice), version=invoice.version, invoice=invoice))


@blueprint.post("/invoices/<id('inv'):invoice_id>")
@gate(permission=Permission.CREATE_INVOICES)
def invoices_update(invoice_id: UUID) -> ResponseReturnValue:
    invoice = invoice_with_everything(invoice_id)
    _require_draft(invoice)
    draft = InvoiceDraft.posted(invoice=invoice)
    if changes_rows(draft.lines, request.form):
        return _form(draft)
    if draft.is_valid():
        with use_case(draft.form) as outcome:
            update_draft(invoice, draft.entered(), seen_version=draft.form.version.seen, by=current_actor())
        if outcome.ok:
            flash("Invoice saved.", "success")
            return redirect(url_for("billing.invoices_show", invoice_id=invoice.id), 303)
        fresh = invoice_with_everything(invoice_id)
        _require_draft(fresh)
        draft = InvoiceDraft.posted(invoice=fresh, form=draft.form)
        if draft.form.stale is not None:
            draft.form.version.data = str(fresh.version)  # Saving again is then a decision, not an accident.
    return _form(draft), 422


@blueprint.post("/invoices/preview")
@gate(permission=Permission.CREATE_INVOICES)
def invoices_preview() -> ResponseReturnValue:
    invoice_id = _argument("invoice", "inv")
    draft = InvoiceDraft.posted(
        invoice=invoice_with_everything(invoice_id) if invoice_id else None, deal=_deal_argument()
    )
    totals = draft.totals()
    return render_template(
        "billing/invoices/_preview.html",
        draft=draft,
        form=draft.form,
        totals=totals,
        rows=totals_rows(totals),
        amounts=draft.amounts(totals),
    )


def _form(draft: InvoiceDraft) -> str:
    totals = draft.totals()
    return render_template(
        "billing/invoices/form.html",
        draft=draft,
        form=draft.form,
        invoice=draft.invoice,
        deal=draft.deal,
        totals=totals,
        rows=totals_rows(totals),
        amounts=draft.amounts(totals),
        empty=empty_row(),
        differences=explain(draft.form.stale, draft.currency) if draft.form.stale else [],
    )


def _starting_input() -> DraftInput:
    """A new invoice, for the account or contact that the address names."""
    account_id, contact_id = _argument("account", "acc"), _argument("contact", "con")
    account = find(Account, account_id) if account_id else None
    contact = find(Contact, contact_id) if contact_id else None
    settings = billing_settings()
    return DraftInput(
        account=account,
        contact=contact,
        currency=(account.currency if account else None) or current_team().currency,
        notes=settings.default_notes,
        terms_text=settings.default_terms_text,
    )


def _require_draft(invoice: Invoice) -> None:
    if invoice.status != InvoiceStatus.DRAFT:
        raise Conflict("A cancelled draft cannot be edited." if not invoice.is_finalized else NOT_A_DRAFT)


def _deal_argument() -> Deal | None:
    deal_id = _argument("deal", "dea")
    return deal_with_lines(deal_id) if deal_id else None


def _argument(name: str, prefix: str) -> UUID | None:
    """The id behind a public id in the query; None when there is none that can be read."""
    try:
        return decode_public_id(prefix, request.args.get(name, ""))
    except ValueError:
        return None
