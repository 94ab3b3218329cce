"""A person's own name and password, the same in every team."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.settings.blueprint import blueprint
from cornerspot.blueprints.settings.forms import PasswordForm, ProfileForm
from cornerspot.blueprints.support.forms import use_case
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_sign_in
from cornerspot.blueprints.support.limits import limiter
from cornerspot.people.joining import rename_person
from cornerspot.people.resetting import change_password


@blueprint.get("/settings/profile")
@gate()
def profile_show() -> ResponseReturnValue:
    return _page(ProfileForm(formdata=None, obj=current_sign_in().person), PasswordForm(formdata=None))


@blueprint.post("/settings/profile")
@gate()
def profile_update() -> ResponseReturnValue:
    form = ProfileForm()
    if form.validate_on_submit():
        with use_case(form) as outcome:
            rename_person(current_sign_in().person, form.name.data or "")
        if outcome.ok:
            flash("Profile saved.", "success")
            return redirect(url_for("settings.profile_show"))
    return _page(form, PasswordForm(formdata=None)), 422


@blueprint.post("/settings/password")
@gate()
@limiter.limit("10 per minute")
def password_update() -> ResponseReturnValue:
    form = PasswordForm()
    if form.validate_on_submit():
        with use_case(form) as outcome:
            user = current_sign_in()
            change_password(
                user.person, current=form.current.data or "", password=form.password.data or "", here=user.row
            )
        if outcome.ok:
            flash("Password changed. Other browsers are signed out.", "success")
            return redirect(url_for("settings.profile_show"))
    return _page(ProfileForm(formdata=None, obj=current_sign_in().person), form), 422


def _page(form: ProfileForm, password_form: PasswordForm) -> str:
    return render_template(
        "settings/profile.html", form=form, password_form=password_form, person=current_sign_in().person
    )
