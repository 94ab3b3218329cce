"""Messages that did not arrive: the list, sending one again, having dealt with one."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from cornerspot.billing.deliveries import message_about_money, undelivered_page
from cornerspot.blueprints.billing.blueprint import blueprint
from cornerspot.blueprints.billing.invoice_letters import PURPOSE_WORDS
from cornerspot.blueprints.support.fields import TextField
from cornerspot.blueprints.support.forms import Form, use_case
from cornerspot.blueprints.support.gate import gate
from cornerspot.kit.ids import decode_public_id
from cornerspot.mail.queueing import dismiss, resend
from cornerspot.people.permissions import Permission


class ResendForm(Form):
    """Where the message goes this time."""

    recipient = TextField("E-mail", longest=254, required="Enter an e-mail address.")


@blueprint.get("/deliveries")
@gate(permission=Permission.READ_INVOICES)
def deliveries_index() -> ResponseReturnValue:
    return _page()


@blueprint.post("/deliveries/<id('msg'):message_id>/resending")
@gate(permission=Permission.SEND_INVOICES)
def delivery_resendings_create(message_id: UUID) -> ResponseReturnValue:
    message, form = message_about_money(message_id), ResendForm()
    if form.validate_on_submit():
        with use_case(form) as outcome:
            resend(message, to=form.recipient.data)
        if outcome.ok:
            flash(f"On its way to {message.recipient}.", "success")
            return _back()
    return _page(message_id, form), 422


@blueprint.post("/deliveries/<id('msg'):message_id>/dismissal")
@gate(permission=Permission.SEND_INVOICES)
def delivery_dismissals_create(message_id: UUID) -> ResponseReturnValue:
    dismiss(message_about_money(message_id))
    flash("Dismissed. It stays on the invoice’s Delivery card.", "success")
    return _back()


def _page(refused_id: UUID | None = None, form: Form | None = None) -> str:
    page = undelivered_page(cursor=request.args.get("cursor"))
    return render_template(
        "billing/deliveries/index.html",
        page=page,
        purposes=PURPOSE_WORDS,
        refused_id=refused_id,
        refused=form,
        next_href=_href(page.next_cursor),
        previous_href=_href(page.previous_cursor),
    )


def _href(cursor: str | None) -> str | None:
    return url_for("billing.deliveries_index", cursor=cursor) if cursor else None


def _back() -> ResponseReturnValue:
    """To the invoice's page where one came from there, or to the list."""
    try:
        invoice_id = decode_public_id("inv", request.form.get("invoice", ""))
    except ValueError:
        return redirect(url_for("billing.deliveries_index"), 303)
    return redirect(url_for("billing.invoices_show", invoice_id=invoice_id), 303)
