"""Settings of the portal: its name, greeting, colour, pictures and sections."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.members.blueprint import blueprint
from cornerspot.blueprints.members.forms import SECTION_LABELS, BrandingForm, PictureForm
from cornerspot.blueprints.support.forms import use_case
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.documents.pictures import LARGEST_BYTES
from cornerspot.people.permissions import Permission
from cornerspot.portal.addresses import portal_address
from cornerspot.portal.branding import branding
from cornerspot.portal.configuring import (
    find_portal_settings,
    remove_portal_picture,
    set_portal_picture,
    update_portal_look,
)


@blueprint.get("/settings/portal")
@gate(permission=Permission.MANAGE_PORTAL)
def branding_show() -> ResponseReturnValue:
    return _page(_saved())


@blueprint.post("/settings/portal")
@gate(permission=Permission.MANAGE_PORTAL)
def branding_update() -> ResponseReturnValue:
    form = BrandingForm()
    if form.validate_on_submit():
        with use_case(form) as outcome:
            update_portal_look(form.entered(), seen=form.version.seen, by=current_actor())
        if outcome.ok:
            flash("Portal saved.", "success")
            return redirect(url_for("members.branding_show"), 303)
    return _page(form), 422


@blueprint.post("/settings/portal/<any(logo, favicon):kind>")
@gate(permission=Permission.MANAGE_PORTAL)
def portal_pictures_update(kind: str) -> ResponseReturnValue:
    form = PictureForm()
    if form.validate_on_submit():
        with use_case(form) as outcome:
            # One byte more than is taken is enough to know that it is too much.
            set_portal_picture(kind, form.picture.data.read(LARGEST_BYTES + 1), by=current_actor())
        if outcome.ok:
            flash(f"{kind.capitalize()} saved.", "success")
            return redirect(url_for("members.branding_show"), 303)
    flash(" ".join(str(error) for error in form.picture.errors) or form.refused, "error")
    return redirect(url_for("members.branding_show"), 303)


@blueprint.post("/settings/portal/<any(logo, favicon):kind>/removal")
@gate(permission=Permission.MANAGE_PORTAL)
def portal_picture_removals_create(kind: str) -> ResponseReturnValue:
    remove_portal_picture(kind, by=current_actor())
    flash(f"{kind.capitalize()} removed.", "success")
    return redirect(url_for("members.branding_show"), 303)


def _saved() -> BrandingForm:
    """The form as the portal is saved, whatever this request brought."""
    row = find_portal_settings()
    data: dict[str, Any] = {"version": "1", "accent": branding().accent}
    if row is not None:
        data |= {"title": row.title, "greeting": row.greeting, "version": str(row.version)}
        for key, look in row.sections.items():
            data |= {f"{key}_label": look.get("label", ""), f"{key}_hidden": look.get("hidden", False)}
    return BrandingForm(formdata=None, data=data)


def _page(form: BrandingForm) -> str:
    row = find_portal_settings()
    return render_template(
        "members/branding.html",
        form=form,
        picture_form=PictureForm(formdata=None),
        look=branding(),
        own_logo=bool(row and row.logo_file_id),
        own_favicon=bool(row and row.favicon_file_id),
        address=portal_address("/"),
        sections=SECTION_LABELS,
    )
