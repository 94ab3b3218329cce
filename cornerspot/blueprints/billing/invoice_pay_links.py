"""The pay link of an invoice: making a new one, and closing the one there is."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue

from cornerspot.billing.models import Invoice
from cornerspot.billing.pay_links import reissue_pay_link, revoke_pay_link
from cornerspot.blueprints.billing.blueprint import blueprint
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.blueprints.support.records import get_or_404
from cornerspot.people.permissions import Permission


@blueprint.post("/invoices/<id('inv'):invoice_id>/pay-link")
@gate(permission=Permission.SEND_INVOICES)
def invoice_pay_links_create(invoice_id: UUID) -> ResponseReturnValue:
    reissue_pay_link(get_or_404(Invoice, invoice_id), by=current_actor())
    flash("New pay link made. Links sent before no longer work.", "success")
    return redirect(url_for("billing.invoices_show", invoice_id=invoice_id) + "#pay-link")


@blueprint.post("/invoices/<id('inv'):invoice_id>/pay-link/revocation")
@gate(permission=Permission.SEND_INVOICES)
def invoice_pay_link_revocations_create(invoice_id: UUID) -> ResponseReturnValue:
    revoke_pay_link(get_or_404(Invoice, invoice_id), by=current_actor())
    flash("Pay link revoked. Nobody can open the invoice with it any more.", "success")
    return redirect(url_for("billing.invoices_show", invoice_id=invoice_id) + "#pay-link")
