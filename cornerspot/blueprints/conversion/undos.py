"""Undo conversion, while what it created is still a draft."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.conversion.blueprint import blueprint
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.blueprints.support.records import get_or_404
from cornerspot.conversion.models import Conversion
from cornerspot.conversion.running import undo_conversion
from cornerspot.db import session
from cornerspot.kit.errors import Conflict
from cornerspot.people.permissions import Permission


@blueprint.post('/conversions/<id("cnv"):conversion_id>/undo')
@gate(permission=Permission.CREATE_INVOICES)
def undos_create(conversion_id: UUID) -> ResponseReturnValue:
    conversion = get_or_404(Conversion, conversion_id)
    try:
        undo_conversion(conversion, by=current_actor())
    except Conflict as refusal:
        session.rollback()
        flash(refusal.message, "error")
        return redirect(url_for("conversion.summary", conversion_id=conversion_id), 303)
    flash("Conversion undone. The draft is in the Trash and its lines can be billed again.", "success")
    return redirect(url_for("crm.deals_show", deal_id=conversion.deal_id), 303)
