"""A member's password: a new one by e-mail when it is forgotten, another one while signed in."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.portal.answers import kept_private
from cornerspot.blueprints.portal.blueprint import blueprint
from cornerspot.blueprints.portal.forms import AddressForm, ChangePasswordForm, NewMemberPasswordForm
from cornerspot.blueprints.support.forms import use_case
from cornerspot.blueprints.support.gate import member_route, public_route
from cornerspot.blueprints.support.limits import limiter
from cornerspot.blueprints.support.members import current_member
from cornerspot.db import session
from cornerspot.portal.links import LinkUnusable, ask_for_password_reset, find_link
from cornerspot.portal.models import LinkPurpose
from cornerspot.portal.passwords import change_password, reset_password


@blueprint.get("/password/reset")
@public_route("members who forgot their password cannot sign in", in_team=True)
def password_resets_new() -> ResponseReturnValue:
    return render_template("portal/password_reset_ask.html", form=AddressForm(), asked_for=None)


@blueprint.post("/password/reset")
@public_route("members who forgot their password cannot sign in", in_team=True)
@limiter.limit("5 per minute; 20 per hour")
def password_resets_create() -> ResponseReturnValue:
    form = AddressForm()
    if form.validate_on_submit():
        with use_case(form) as outcome:
            ask_for_password_reset(form.email.data or "")
        if outcome.ok:
            return render_template("portal/password_reset_ask.html", form=form, asked_for=form.email.data)
    return render_template("portal/password_reset_ask.html", form=form, asked_for=None), 422


@blueprint.get("/password/reset/<token>")
@public_route("the link is the proof", in_team=True)
def password_resets_edit(token: str) -> ResponseReturnValue:
    return _page(token, NewMemberPasswordForm())


@blueprint.post("/password/reset/<token>")
@public_route("the link is the proof", in_team=True)
@limiter.limit("10 per minute")
def password_resets_update(token: str) -> ResponseReturnValue:
    form = NewMemberPasswordForm()
    if not form.validate_on_submit():
        return _page(token, form, status=422)
    try:
        with use_case(form) as outcome:
            reset_password(find_link(token, LinkPurpose.PASSWORD_RESET), form.password.data or "")
    except LinkUnusable:
        session.rollback()
        return _page(token, form)
    if not outcome.ok:
        return _page(token, form, status=422)
    flash("Your new password is set. Sign in with it.", "success")
    return redirect(url_for("portal.sign_in_show"), 303)


@blueprint.get("/password")
@member_route()
def password_edit() -> ResponseReturnValue:
    return render_template("portal/password.html", form=ChangePasswordForm())


@blueprint.post("/password")
@member_route()
@limiter.limit("10 per minute; 30 per hour")
def password_update() -> ResponseReturnValue:
    form, member = ChangePasswordForm(), current_member()
    if form.validate_on_submit():
        with use_case(form) as outcome:
            change_password(
                member.user,
                current=form.current.data or "",
                password=form.password.data or "",
                here=member.sign_in,
            )
        if outcome.ok:
            flash("Your new password is set, and every other browser is signed out.", "success")
            return redirect(url_for("portal.sessions_index"), 303)
    return render_template("portal/password.html", form=form), 422


def _page(token: str, form: NewMemberPasswordForm, *, status: int = 200) -> ResponseReturnValue:
    try:
        find_link(token, LinkPurpose.PASSWORD_RESET)
    except LinkUnusable as error:
        again = url_for("portal.password_resets_new")
        page = render_template("portal/link_unusable.html", message=error.message, again_href=again)
        return kept_private((page, 410))
    return kept_private((render_template("portal/password_reset_set.html", form=form), status))
