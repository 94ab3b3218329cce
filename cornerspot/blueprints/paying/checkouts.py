"""From the pay button to the processor's page, and back to what came of it."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from cornerspot.billing.online.checkout import Payer
from cornerspot.billing.pay_links import is_live, note_view
from cornerspot.blueprints.paying.blueprint import blueprint
from cornerspot.blueprints.paying.invoices import render_page
from cornerspot.blueprints.paying.links import REASON, closed_page, invoice_of, opened
from cornerspot.blueprints.support.addresses import outside_url
from cornerspot.blueprints.support.checkouts import begin_checkout, landed
from cornerspot.blueprints.support.customer_invoice import customer_invoice
from cornerspot.blueprints.support.forms import use_case
from cornerspot.blueprints.support.gate import public_route
from cornerspot.blueprints.support.identity import current_actor_or_none
from cornerspot.blueprints.support.limits import limiter
from cornerspot.blueprints.support.part_form import PartForm


@blueprint.post("/pay/<token>/checkout")
@public_route(REASON, in_team=True)
@limiter.limit("20 per minute")
def checkouts_create(token: str) -> ResponseReturnValue:
    link = opened(token)
    if link is None:
        return closed_page()
    invoice = invoice_of(link)
    form = PartForm().bind(invoice.currency)
    payer = Payer(
        channel="pay_link",
        success_url=outside_url("paying.landings_show", token=token),
        cancel_url=outside_url("paying.invoices_show", token=token),
        locale=request.accept_languages.best or "",
    )
    page = ""
    if form.validate_on_submit():
        if link.first_viewed_at is None and current_actor_or_none() is None:
            note_view(link)  # Without scripts, this is how we learn that somebody looked.
        with use_case(form) as outcome:
            page = begin_checkout(invoice.id, payer, amount_minor=form.wanted_minor())
        if outcome.ok:
            return redirect(page, 303)
    return render_page(token, form), 422


@blueprint.get("/pay/<token>/done")
@public_route(REASON, in_team=True, writes_on_get=True)  # Asks the processor, and books what it says.
@limiter.limit("60 per minute")
def landings_show(token: str) -> ResponseReturnValue:
    session_id = request.args.get("session_id", "")
    link = opened(token, session_id=session_id)
    if link is None:
        return closed_page()
    landing = landed(link.invoice_id, session_id)
    link = opened(token, session_id=session_id)
    if link is None:
        return closed_page()
    back = url_for("paying.invoices_show", token=token) if is_live(link) else None
    view = customer_invoice(invoice_of(link))
    return render_template("paying/done.html", landing=landing, view=view, token=token, back_href=back)
