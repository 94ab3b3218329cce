"""Opening the wizard of a deal, and its pages."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload

from cornerspot.billing.states import InvoiceStatus
from cornerspot.blueprints.conversion.blueprint import blueprint
from cornerspot.blueprints.conversion.page import find_conversion, form_of, reached_step, render_step, wizard_page
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.blueprints.support.records import get_or_404
from cornerspot.conversion.models import Conversion, ConversionStatus
from cornerspot.conversion.wizard import start_conversion
from cornerspot.crm.models import Deal
from cornerspot.db import session
from cornerspot.kit.errors import Conflict
from cornerspot.people.permissions import Permission


@blueprint.post('/deals/<id("dea"):deal_id>/conversion')
@gate(permission=Permission.CREATE_INVOICES)
def start(deal_id: UUID) -> ResponseReturnValue:
    deal = get_or_404(Deal, deal_id)
    try:
        conversion = start_conversion(deal, by=current_actor())
    except Conflict as refusal:
        session.rollback()
        flash(refusal.message, "error")
        return redirect(url_for("crm.deals_show", deal_id=deal_id))
    return redirect(url_for("conversion.show", conversion_id=conversion.id))


@blueprint.get('/conversions/<id("cnv"):conversion_id>')
@gate(permission=Permission.CREATE_INVOICES)
def show(conversion_id: UUID) -> ResponseReturnValue:
    conversion = find_conversion(conversion_id)
    if not conversion.is_in_progress:
        return redirect(url_for("conversion.summary", conversion_id=conversion.id))
    page, step = wizard_page(conversion), reached_step(conversion)
    return render_step(page, step, form_of(page, step))


@blueprint.get('/conversions/<id("cnv"):conversion_id>/summary')
@gate(permission=Permission.CREATE_INVOICES)
def summary(conversion_id: UUID) -> ResponseReturnValue:
    parts = (joinedload(Conversion.deal), joinedload(Conversion.invoice))
    conversion = get_or_404(Conversion, conversion_id, *parts)
    if conversion.is_in_progress:
        return redirect(url_for("conversion.show", conversion_id=conversion.id))
    invoice = conversion.invoice
    standing = invoice if invoice is not None and invoice.deleted_at is None else None
    is_draft = standing is not None and standing.status == InvoiceStatus.DRAFT
    return render_template(
        "conversion/summary.html",
        conversion=conversion,
        deal=conversion.deal,
        invoice=standing,
        facts=conversion.summary,
        can_undo=is_draft and conversion.status == ConversionStatus.COMPLETED,
        is_mine=conversion.completed_by == current_actor().membership_id,
    )
