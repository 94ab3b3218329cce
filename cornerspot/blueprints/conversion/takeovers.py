"""Taking over a wizard that a teammate has open."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.conversion.blueprint import blueprint
from cornerspot.blueprints.conversion.page import find_conversion
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.conversion.wizard import AlreadyRun, take_over
from cornerspot.db import session
from cornerspot.people.permissions import Permission


@blueprint.post('/conversions/<id("cnv"):conversion_id>/takeover')
@gate(permission=Permission.CREATE_INVOICES)
def takeovers_create(conversion_id: UUID) -> ResponseReturnValue:
    conversion = find_conversion(conversion_id)
    try:
        take_over(conversion, by=current_actor())
    except AlreadyRun as refusal:
        session.rollback()
        flash(refusal.message, "info")
    else:
        flash("This wizard is yours now. Everything that was saved is here.", "success")
    return redirect(url_for("conversion.show", conversion_id=conversion_id), 303)
