"""Signing in to the portal by password or by a link that works once, and signing out."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.portal.answers import kept_private, to_asked_page
from cornerspot.blueprints.portal.blueprint import blueprint
from cornerspot.blueprints.portal.forms import AddressForm, MemberSignInForm, NothingForm
from cornerspot.blueprints.support.forms import use_case
from cornerspot.blueprints.support.gate import member_route, public_route
from cornerspot.blueprints.support.limits import limiter
from cornerspot.blueprints.support.members import current_member_or_none, sign_in_member, sign_out_member
from cornerspot.db import session
from cornerspot.portal.links import LinkUnusable, ask_for_sign_in_link, find_link
from cornerspot.portal.models import LinkPurpose
from cornerspot.portal.signing_in import sign_in_by_link, try_member_password


@blueprint.get("/sign-in")
@public_route("this is where members sign in", in_team=True)
def sign_in_show() -> ResponseReturnValue:
    if current_member_or_none() is not None:
        return to_asked_page()
    return render_template("portal/sign_in.html", form=MemberSignInForm())


@blueprint.post("/sign-in")
@public_route("this is where members sign in", in_team=True)
@limiter.limit("20 per minute; 200 per hour")
def sign_in_create() -> ResponseReturnValue:
    form = MemberSignInForm()
    if not form.validate_on_submit():
        return render_template("portal/sign_in.html", form=form), 422
    attempt = try_member_password(form.email.data or "", form.password.data or "")
    if attempt.user is None:
        session.commit()  # The count of failures must stay although this answer is a refusal.
        form.refused = attempt.refusal
        return render_template("portal/sign_in.html", form=form), 429 if attempt.is_locked else 422
    sign_in_member(attempt.user)
    return to_asked_page()


@blueprint.get("/sign-in/links")
@public_route("members without a password at hand sign in by a link", in_team=True)
def sign_in_links_new() -> ResponseReturnValue:
    return render_template("portal/link_ask.html", form=AddressForm(), asked_for=None)


@blueprint.post("/sign-in/links")
@public_route("members without a password at hand sign in by a link", in_team=True)
@limiter.limit("5 per minute; 20 per hour")
def sign_in_links_create() -> ResponseReturnValue:
    form = AddressForm()
    if form.validate_on_submit():
        with use_case(form) as outcome:
            ask_for_sign_in_link(form.email.data or "")
        if outcome.ok:
            return render_template("portal/link_ask.html", form=form, asked_for=form.email.data)
    return render_template("portal/link_ask.html", form=form, asked_for=None), 422


@blueprint.get("/sign-in/links/<token>")
@public_route("the link is the proof", in_team=True)
def sign_in_links_show(token: str) -> ResponseReturnValue:
    """A page with a button: programs that look into mail open links, and must not use them up."""
    try:
        find_link(token, LinkPurpose.SIGN_IN)
    except LinkUnusable as error:
        return _unusable(error)
    return kept_private((render_template("portal/link_use.html", form=NothingForm()), 200))


@blueprint.post("/sign-in/links/<token>")
@public_route("the link is the proof", in_team=True)
@limiter.limit("10 per minute")
def sign_in_links_update(token: str) -> ResponseReturnValue:
    try:
        sign_in_member(sign_in_by_link(find_link(token, LinkPurpose.SIGN_IN)))
    except LinkUnusable as error:
        session.rollback()
        return _unusable(error)
    return to_asked_page()


@blueprint.post("/sign-out")
@member_route(choosing=True)
def sign_out_create() -> ResponseReturnValue:
    sign_out_member()
    flash("You are signed out.", "success")
    return redirect(url_for("portal.sign_in_show"), 303)


def _unusable(error: LinkUnusable) -> ResponseReturnValue:
    again = url_for("portal.sign_in_links_new", next=request.args.get("next"))
    page = render_template("portal/link_unusable.html", message=error.message, again_href=again)
    return kept_private((page, 410))
