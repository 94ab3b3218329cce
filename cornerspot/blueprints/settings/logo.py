"""The team's logo: uploading, showing and removing it."""

from __future__ import annotations

from flask import Response, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from cornerspot.billing.logo import LARGEST_UPLOAD, logo_bytes, remove_logo, set_logo
from cornerspot.blueprints.settings.blueprint import blueprint
from cornerspot.blueprints.settings.company import company_page, saved_company
from cornerspot.blueprints.settings.forms import LogoForm
from cornerspot.blueprints.support.forms import use_case
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.kit.errors import NotFound
from cornerspot.people.permissions import Permission


@blueprint.get("/settings/company/logo")
@gate(permission=Permission.MANAGE_SETTINGS)
def company_logos_show() -> ResponseReturnValue:
    picture = logo_bytes()
    if picture is None:
        raise NotFound("The team has no logo.")
    answer = Response(picture, mimetype="image/png")
    answer.headers["Cache-Control"] = "private, max-age=3600"  # The page asks for each logo by an address of its own.
    return answer


@blueprint.post("/settings/company/logo")
@gate(permission=Permission.MANAGE_SETTINGS)
def company_logos_update() -> ResponseReturnValue:
    form = LogoForm()
    if form.validate_on_submit():
        with use_case(form) as outcome:
            # One byte more than is taken is enough to know that it is too much.
            set_logo(form.logo.data.read(LARGEST_UPLOAD + 1), by=current_actor())
        if outcome.ok:
            flash("Logo saved. New invoices print it.", "success")
            return redirect(url_for("settings.company_show"))
    return company_page(saved_company(), form), 422


@blueprint.post("/settings/company/logo/removal")
@gate(permission=Permission.MANAGE_SETTINGS)
def company_logo_removals_create() -> ResponseReturnValue:
    remove_logo(by=current_actor())
    flash("Logo removed. Invoices that are final keep it.", "success")
    return redirect(url_for("settings.company_show"))
