"""The invoice's preview while the Billing step is filled in."""

from __future__ import annotations

from uuid import UUID

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.conversion.blueprint import blueprint
from cornerspot.blueprints.conversion.forms import BillingForm
from cornerspot.blueprints.conversion.page import find_conversion, preview_of, wizard_page
from cornerspot.blueprints.support.gate import gate
from cornerspot.people.permissions import Permission


@blueprint.get('/conversions/<id("cnv"):conversion_id>/preview')
@gate(permission=Permission.CREATE_INVOICES)
def preview(conversion_id: UUID) -> ResponseReturnValue:
    conversion = find_conversion(conversion_id)
    if not conversion.is_in_progress:
        abort(404)
    page = wizard_page(conversion)
    form = BillingForm(formdata=request.args).offer(page.contacts, usual_terms=page.usual_terms)
    preview = preview_of(page, form.answers)
    return render_template("conversion/_preview.html", page=page, plan=page.plan, deal=page.deal, preview=preview)
