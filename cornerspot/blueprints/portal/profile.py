"""A member's own name, and how money and dates are written for them."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms.fields.choices import SelectChoice

from cornerspot.blueprints.portal.blueprint import blueprint
from cornerspot.blueprints.support.choices import locale_choices
from cornerspot.blueprints.support.fields import ChoiceField, TextField
from cornerspot.blueprints.support.forms import Form, use_case
from cornerspot.blueprints.support.gate import member_route
from cornerspot.blueprints.support.members import current_member
from cornerspot.portal.profile import update_profile


def _choices() -> list[SelectChoice]:
    return [SelectChoice("", "As usual for my company"), *locale_choices()]


class MemberProfileForm(Form):
    """Name and locale."""

    name = TextField("Your name", longest=120, required="Enter your name.")
    locale = ChoiceField("Language and number format", choices=_choices)


@blueprint.get("/profile")
@member_route()
def profile_show() -> ResponseReturnValue:
    return _page(MemberProfileForm(formdata=None, obj=current_member().user))


@blueprint.post("/profile")
@member_route()
def profile_update() -> ResponseReturnValue:
    form = MemberProfileForm()
    if form.validate_on_submit():
        with use_case(form) as outcome:
            update_profile(current_member().user, name=form.name.data or "", locale=form.locale.data or "")
        if outcome.ok:
            flash("Profile saved.", "success")
            return redirect(url_for("portal.profile_show"), 303)
    return _page(form), 422


def _page(form: MemberProfileForm) -> str:
    return render_template("portal/profile.html", form=form)
