"""From the pay button of the portal to the processor's page, and back to what came of it."""

from __future__ import annotations

from uuid import UUID

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from cornerspot.billing.issued import issued_invoice
from cornerspot.billing.models import Invoice
from cornerspot.billing.online.checkout import Payer
from cornerspot.billing.online.landing import has_page, is_page_of
from cornerspot.billing.pay_links import note_invoice_viewed
from cornerspot.blueprints.portal.blueprint import blueprint
from cornerspot.blueprints.portal.invoices import invoice_of, invoice_page
from cornerspot.blueprints.support.addresses import outside_url
from cornerspot.blueprints.support.checkouts import begin_checkout, landed
from cornerspot.blueprints.support.customer_invoice import customer_invoice
from cornerspot.blueprints.support.forms import use_case
from cornerspot.blueprints.support.gate import member_route, public_route
from cornerspot.blueprints.support.limits import limiter
from cornerspot.blueprints.support.members import current_member, current_member_or_none, enter_account
from cornerspot.blueprints.support.part_form import PartForm
from cornerspot.db import session
from cornerspot.tenancy import narrow_to_account


@blueprint.post("/invoices/<id('inv'):invoice_id>/checkout")
@member_route()
@limiter.limit("20 per minute")
def checkouts_create(invoice_id: UUID) -> ResponseReturnValue:
    invoice, member = invoice_of(invoice_id), current_member()
    form = PartForm().bind(invoice.currency, locale=member.locale)
    payer = Payer(
        channel="portal",
        success_url=outside_url("portal.landings_show", invoice_id=invoice_id),
        cancel_url=outside_url("portal.departures_show", invoice_id=invoice_id),
        locale=member.locale or request.accept_languages.best or "",
        portal_user_id=member.user.id,
    )
    if form.validate_on_submit():
        note_invoice_viewed(invoice_id, by=member.actor)  # Without scripts, this is how we learn that somebody looked.
        page = ""
        with use_case(form) as outcome:
            page = begin_checkout(invoice_id, payer, amount_minor=form.wanted_minor())
        if outcome.ok:
            return redirect(page, 303)
    return invoice_page(invoice_of(invoice_id), form), 422


@blueprint.get("/invoices/<id('inv'):invoice_id>/done")
@public_route("whoever comes back from paying hears what came of it", in_team=True, writes_on_get=True)
@limiter.limit("60 per minute")
def landings_show(invoice_id: UUID) -> ResponseReturnValue:
    """All payers of an invoice share one page of the processor, so it may bring back one who has no account here."""
    session_id = request.args.get("session_id", "")
    if enter_account(choosing=False) is not None:
        return _landed_outside(invoice_id, session_id)
    invoice_of(invoice_id)
    landing = landed(invoice_id, session_id)
    return render_template("portal/invoices/done.html", landing=landing, view=customer_invoice(invoice_of(invoice_id)))


@blueprint.get("/invoices/<id('inv'):invoice_id>/left")
@public_route("whoever leaves the payment page need not be the member who opened it", in_team=True)
@limiter.limit("60 per minute")
def departures_show(invoice_id: UUID) -> ResponseReturnValue:
    """Back to the invoice for a member; others came by a pay link that is not known here, and hear nothing of it."""
    if not has_page(invoice_id):
        abort(404)
    if current_member_or_none() is None:
        return render_template("portal/invoices/left_outside.html")
    return redirect(url_for("portal.invoices_show", invoice_id=invoice_id))


def _landed_outside(invoice_id: UUID, session_id: str) -> str:
    if not is_page_of(invoice_id, session_id):
        abort(404)
    account_id = session.scalars(select(Invoice.account_id).where(Invoice.id == invoice_id)).one()
    assert account_id is not None  # noqa: S101 - what is paid was finalized, and so has a customer
    narrow_to_account(account_id)
    landing = landed(invoice_id, session_id)
    view = customer_invoice(issued_invoice(account_id, invoice_id))
    return render_template("portal/invoices/done_outside.html", landing=landing, view=view)
