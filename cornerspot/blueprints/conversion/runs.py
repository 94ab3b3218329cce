"""Run conversion: once, however often it is pressed."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.conversion.blueprint import blueprint
from cornerspot.blueprints.conversion.forms import RunForm
from cornerspot.blueprints.conversion.page import find_conversion, render_step, wizard_page
from cornerspot.blueprints.support.forms import use_case
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.conversion.models import Conversion, Step
from cornerspot.conversion.running import run_conversion
from cornerspot.conversion.wizard import AlreadyRun
from cornerspot.people.permissions import Permission


@blueprint.post('/conversions/<id("cnv"):conversion_id>/run')
@gate(permission=Permission.CREATE_INVOICES)
def runs_create(conversion_id: UUID) -> ResponseReturnValue:
    conversion, form = find_conversion(conversion_id), RunForm()
    if form.validate_on_submit():
        with use_case(form) as outcome:
            run_conversion(conversion, by=current_actor(), seen=form.version)
        if outcome.ok:
            _tell(conversion)
            return redirect(url_for("conversion.summary", conversion_id=conversion_id), 303)
        if isinstance(form.refusal, AlreadyRun):
            return redirect(url_for("conversion.summary", conversion_id=conversion_id), 303)
    page = wizard_page(find_conversion(conversion_id))
    form.seen.data = page.conversion.version
    return render_step(page, Step.REVIEW, form, status=422)


def _tell(conversion: Conversion) -> None:
    if conversion.just_completed:
        return  # The summary says so itself.
    if conversion.completed_by != current_actor().membership_id:
        flash(f"{conversion.summary['by']} ran this conversion already. Nothing was created twice.", "info")
