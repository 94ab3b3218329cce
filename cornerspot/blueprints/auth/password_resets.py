"""Asking for a new password by e-mail, and setting it."""

from __future__ import annotations

from flask import flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.auth.blueprint import blueprint
from cornerspot.blueprints.auth.forms import AskForResetForm, NewPasswordForm
from cornerspot.blueprints.support.forms import use_case
from cornerspot.blueprints.support.gate import public_route
from cornerspot.blueprints.support.limits import limiter
from cornerspot.people.resetting import ResetUnusable, ask_for_reset, find_reset, reset_password


@blueprint.get("/password/reset")
@public_route("people who forgot their password cannot sign in", in_team=None)
def password_resets_new() -> ResponseReturnValue:
    return render_template("auth/password_reset_ask.html", form=AskForResetForm(), asked_for=None)


@blueprint.post("/password/reset")
@public_route("people who forgot their password cannot sign in", in_team=None)
@limiter.limit("5 per minute; 20 per hour")
def password_resets_create() -> ResponseReturnValue:
    form = AskForResetForm()
    if form.validate_on_submit():
        with use_case(form) as outcome:
            ask_for_reset(form.email.data or "")
        if outcome.ok:
            return render_template("auth/password_reset_ask.html", form=form, asked_for=form.email.data)
    return render_template("auth/password_reset_ask.html", form=form, asked_for=None), 422


@blueprint.get("/password/reset/<token>")
@public_route("the link is the proof", in_team=None)
def password_resets_edit(token: str) -> ResponseReturnValue:
    return _private(_page(token, NewPasswordForm()))


@blueprint.post("/password/reset/<token>")
@public_route("the link is the proof", in_team=None)
@limiter.limit("10 per minute")
def password_resets_update(token: str) -> ResponseReturnValue:
    form = NewPasswordForm()
    if not form.validate_on_submit():
        return _private(_page(token, form, status=422))
    try:
        with use_case(form) as outcome:
            reset_password(find_reset(token), form.password.data or "")
    except ResetUnusable:
        return _private(_page(token, form))
    if not outcome.ok:
        return _private(_page(token, form, status=422))
    flash("Your new password is set. Sign in with it.", "success")
    return redirect(url_for("auth.sign_in_show"))


def _page(token: str, form: NewPasswordForm, *, status: int = 200) -> tuple[str, int]:
    try:
        find_reset(token)
    except ResetUnusable as error:
        return render_template("auth/password_reset_unusable.html", message=error.message), 410
    return render_template("auth/password_reset_set.html", form=form), status


def _private(page: tuple[str, int]) -> ResponseReturnValue:
    """The page, with its address (which holds the token) kept from every other site."""
    response = make_response(page)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
