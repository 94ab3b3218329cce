"""Saving a step of the wizard: Continue goes on, Back goes back, typing saves where one is."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.conversion.blueprint import blueprint
from cornerspot.blueprints.conversion.forms import BillingForm, ConfirmForm, PortalUsersForm
from cornerspot.blueprints.conversion.page import (
    ORDER,
    STEPS,
    WizardPage,
    find_conversion,
    form_of,
    render_step,
    wizard_page,
)
from cornerspot.blueprints.support.forms import Form, use_case
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.conversion.changes import DealChanged
from cornerspot.conversion.models import Conversion, Step
from cornerspot.conversion.wizard import AlreadyRun, choose_billing, choose_portal_users, confirm_plan
from cornerspot.people.permissions import Permission


@blueprint.post('/conversions/<id("cnv"):conversion_id>/steps/<step>')
@gate(permission=Permission.CREATE_INVOICES)
def step_update(conversion_id: UUID, step: str) -> ResponseReturnValue:
    if step not in STEPS or step == Step.REVIEW:
        abort(404)
    here, going = Step(step), request.form.get("go", "on")
    conversion = find_conversion(conversion_id)
    if not conversion.is_in_progress:
        return redirect(url_for("conversion.summary", conversion_id=conversion.id))
    page = wizard_page(conversion)
    form = form_of(page, here)
    if form.validate_on_submit():
        with use_case(form) as outcome:
            _save(conversion, form, finished=going == "on" and "autosave" not in request.args)
        if outcome.ok:
            return _answer(page, here, going)
    return _refused(conversion_id, here, form)


def _save(conversion: Conversion, form: Form, *, finished: bool) -> None:
    by = current_actor()
    if isinstance(form, ConfirmForm):
        confirm_plan(conversion, acknowledged=bool(form.acknowledged.data), shown=form.plan.data or "", by=by)
    elif isinstance(form, PortalUsersForm):
        choose_portal_users(conversion, form.answers, by=by, finished=finished)
    elif isinstance(form, BillingForm):
        choose_billing(conversion, form.answers, by=by, finished=finished)


def _answer(page: WizardPage, here: Step, going: str) -> ResponseReturnValue:
    if "autosave" in request.args:
        return "", 204
    return redirect(page.href(ORDER[ORDER.index(here) + (-1 if going == "back" else 1)]), 303)


def _refused(conversion_id: UUID, here: Step, form: Form) -> ResponseReturnValue:
    """The step again with what was typed; or the summary, when it ran meanwhile."""
    if isinstance(form.refusal, AlreadyRun):
        return redirect(url_for("conversion.summary", conversion_id=conversion_id), 303)
    if "autosave" in request.args:
        return {"detail": form.refused}, 422
    page = wizard_page(find_conversion(conversion_id))
    if isinstance(form.refusal, DealChanged):
        form.acknowledged.data = False  # type: ignore[attr-defined]
        if not page.changes:
            flash("The deal changed while this page was open. This is what it says now.", "warning")
    return render_step(page, here, form, status=422)
