"""Connecting Stripe, giving it another key or secret, checking it, leaving it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from flask import abort, flash, redirect, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from cornerspot.billing.configuring_online import (
    begin_stripe_consent,
    connect_stripe_with_key,
    finish_stripe_consent,
)
from cornerspot.blueprints.settings.blueprint import blueprint
from cornerspot.blueprints.settings.payments import payments_page
from cornerspot.blueprints.settings.payments_forms import KeyForm, SecretForm
from cornerspot.blueprints.settings.teammates import refusal_as_toast
from cornerspot.blueprints.support.forms import use_case
from cornerspot.blueprints.support.gate import gate, public_route
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.blueprints.support.limits import limiter
from cornerspot.kit.secrets import same
from cornerspot.payments.connecting import disconnect, live_account, recheck, replace_key, roll_secret, use_secret
from cornerspot.payments.consenting import RETURN_PATH
from cornerspot.payments.models import ProcessorAccount
from cornerspot.people.permissions import Permission
from cornerspot.plans.features import Feature
from cornerspot.tenancy.slugs import is_slug

STATE = "stripe_state"  # in the teammate's session, so that only the browser that left can come back


@blueprint.post("/settings/payments/connection")
@gate(permission=Permission.MANAGE_INTEGRATIONS, feature=Feature.ONLINE_PAYMENTS)
@limiter.limit("10 per minute; 60 per day")
def payments_connections_create() -> ResponseReturnValue:
    form = KeyForm()
    connect = partial(connect_stripe_with_key, form.key.data or "", by=current_actor())
    return _entered(form, connect, "Stripe is connected. Customers can pay online now.")


@blueprint.post("/settings/payments/key")
@gate(permission=Permission.MANAGE_INTEGRATIONS, feature=Feature.ONLINE_PAYMENTS)
@limiter.limit("10 per minute; 60 per day")
def payments_keys_create() -> ResponseReturnValue:
    account, form = _connected(), KeyForm()
    replace = partial(replace_key, account, form.key.data or "", by=current_actor())
    return _entered(form, replace, "The new key is in use.")


@blueprint.post("/settings/payments/check")
@gate(permission=Permission.MANAGE_INTEGRATIONS, feature=Feature.ONLINE_PAYMENTS)
@limiter.limit("20 per minute")
def payments_checks_create() -> ResponseReturnValue:
    account = _connected()
    with refusal_as_toast():
        recheck(account, by=current_actor())
        if live_account() is None:
            flash("Stripe no longer accepts the connection. Connect again.", "error")
        else:
            flash("Checked with Stripe just now.", "success")
    return _back()


@blueprint.post("/settings/payments/secret/roll")
@gate(permission=Permission.MANAGE_INTEGRATIONS, feature=Feature.ONLINE_PAYMENTS)
@limiter.limit("5 per minute")
def payments_rolls_create() -> ResponseReturnValue:
    account = _connected()
    with refusal_as_toast():
        roll_secret(account, by=current_actor())
        flash("Stripe reports with a new secret. The old one works for 24 hours more.", "success")
    return _back()


@blueprint.post("/settings/payments/secret")
@gate(permission=Permission.MANAGE_INTEGRATIONS, feature=Feature.ONLINE_PAYMENTS)
def payments_secrets_create() -> ResponseReturnValue:
    account, form = _connected(), SecretForm()
    use = partial(use_secret, account, form.secret.data or "", by=current_actor())
    return _entered(form, use, "The secret is saved. The one before works for 24 hours more.")


@blueprint.post("/settings/payments/disconnection")
@gate(permission=Permission.MANAGE_INTEGRATIONS)
def payments_disconnections_create() -> ResponseReturnValue:
    account = _connected()
    if request.form.get("typed_word", "").strip() != "disconnect":
        flash("Type disconnect to go on.", "error")
        return _back()
    with refusal_as_toast():
        disconnect(account, by=current_actor())
        flash("Stripe is disconnected. What was paid stays in your books.", "success")
    return _back()


@blueprint.get("/settings/payments/consent")
@gate(permission=Permission.MANAGE_INTEGRATIONS, feature=Feature.ONLINE_PAYMENTS, writes_on_get=True)
@limiter.limit("10 per minute")
def payments_consents_show() -> ResponseReturnValue:
    """A link and not a form, because our pages let no form go to another site."""
    leads_to = url_for("settings.payments_show")
    with refusal_as_toast():
        departure = begin_stripe_consent(by=current_actor())
        cookie[STATE], leads_to = departure.token, departure.url
    return redirect(leads_to, 303)


@blueprint.get(RETURN_PATH)
@public_route("Stripe sends every team's admins back to one address; their own team's page looks closer")
def payments_returns_show() -> ResponseReturnValue:
    slug, _, token = request.args.get("state", "").partition(".")
    if not is_slug(slug) or not token:
        abort(404)
    path = url_for("settings.payments_consents_finish", token=token[:100], code=request.args.get("code", "")[:500])
    answer = redirect(f"/{slug}{path}", 303)
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@blueprint.get("/settings/payments/consent/return")
@gate(permission=Permission.MANAGE_INTEGRATIONS, feature=Feature.ONLINE_PAYMENTS, writes_on_get=True)
@limiter.limit("20 per minute")
def payments_consents_finish() -> ResponseReturnValue:
    token, code = request.args.get("token", ""), request.args.get("code", "")
    if not code:
        flash("Stripe was not connected: you did not agree on Stripe's page.", "info")
        return _back()
    if not same(cookie.get(STATE, ""), token):
        flash("You did not leave for Stripe from this browser. Begin again.", "error")
        return _back()
    with refusal_as_toast():
        finish_stripe_consent(token, code, by=current_actor())
        flash("Stripe is connected. Customers can pay online now.", "success")
    return _back()


def _entered(form: KeyForm | SecretForm, save: Callable[[], object], done: str) -> ResponseReturnValue:
    """Back to the page when what was entered is saved, else the page with the form and why not."""
    if form.validate_on_submit():
        with use_case(form) as outcome:
            save()
        if outcome.ok:
            flash(done, "success")
            return _back()
    page = payments_page(key_form=form) if isinstance(form, KeyForm) else payments_page(secret_form=form)
    return page, 422


def _connected() -> ProcessorAccount:
    account = live_account()
    if account is None:
        abort(404)
    return account


def _back() -> ResponseReturnValue:
    return redirect(url_for("settings.payments_show"), 303)
