"""Settings, Payments: what is connected, what works, what is offered to payers."""

from __future__ import annotations

from typing import Any

from babel import Locale
from flask import current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from cornerspot.billing.configuring_online import configure_part_payments
from cornerspot.billing.settings import billing_settings
from cornerspot.blueprints.settings.blueprint import blueprint
from cornerspot.blueprints.settings.payments_forms import KeyForm, MethodsForm, PartPaymentsForm, SecretForm
from cornerspot.blueprints.support.forms import use_case
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.kit import clock
from cornerspot.payments.choosing import METHOD_NAMES, choose_methods, methods_for
from cornerspot.payments.connecting import last_account, live_account, webhook_url
from cornerspot.payments.models import ProcessorAccount
from cornerspot.payments.stripe_oauth import can_connect
from cornerspot.people.permissions import Permission
from cornerspot.plans.features import Feature
from cornerspot.tenancy import current_team

# What a restricted key needs, in the words of Stripe's page for making one.
PERMISSIONS = (
    ("Write", "Checkout Sessions", "open the page on which a customer pays"),
    ("Write", "PaymentIntents", "see how a payment goes on"),
    ("Write", "Charges and Refunds", "see fees, give money back"),
    ("Write", "Customers", "know a returning customer"),
    ("Write", "Webhook Endpoints", "be told at once when something happens"),
    ("Read", "Accounts", "show name, country and what works"),
    ("Read", "Disputes", "tell you when a customer's bank takes money back"),
    ("Read", "Events", "find what a lost message would have said"),
    ("Read", "Balance", "check the books against Stripe's"),
)
RECONCILIATION = "billing.reconciliations_index"


@blueprint.get("/settings/payments")
@gate(permission=Permission.MANAGE_INTEGRATIONS, feature=Feature.ONLINE_PAYMENTS)
def payments_show() -> ResponseReturnValue:
    return payments_page()


@blueprint.post("/settings/payments/methods")
@gate(permission=Permission.MANAGE_INTEGRATIONS, feature=Feature.ONLINE_PAYMENTS)
def payments_methods_update() -> ResponseReturnValue:
    form = MethodsForm()
    account = live_account()
    if account is None:
        return redirect(url_for("settings.payments_show"), 303)
    if form.validate_on_submit():
        with use_case(form) as outcome:
            choose_methods(account, form.chosen(), seen=form.version.seen, by=current_actor())
        if outcome.ok:
            flash("Saved. Customers are offered these from the next payment on.", "success")
            return redirect(url_for("settings.payments_show"), 303)
    return payments_page(methods_form=form), 422


@blueprint.post("/settings/payments/parts")
@gate(permission=Permission.MANAGE_INTEGRATIONS, feature=Feature.ONLINE_PAYMENTS)
def payments_parts_update() -> ResponseReturnValue:
    form = PartPaymentsForm()
    if form.validate_on_submit():
        with use_case(form) as outcome:
            configure_part_payments(
                allowed=bool(form.part_payments.data),
                least_percent=int(form.least_part_percent.entered),
                seen=form.version.seen,
                by=current_actor(),
            )
        if outcome.ok:
            flash("Part payments saved.", "success")
            return redirect(url_for("settings.payments_show"), 303)
    return payments_page(parts_form=form), 422


def payments_page(
    *,
    key_form: KeyForm | None = None,
    methods_form: MethodsForm | None = None,
    parts_form: PartPaymentsForm | None = None,
    secret_form: SecretForm | None = None,
) -> str:
    """The page, with the form that was refused where it stands."""
    account = live_account()
    forms: dict[str, Any] = {
        "key_form": key_form or KeyForm(formdata=None),
        "parts_form": parts_form or _saved_parts(),
        "secret_form": secret_form or SecretForm(formdata=None),
    }
    if account is None:
        return render_template(
            "settings/payments/connect.html",
            before=last_account(),
            can_connect=can_connect(),
            permissions=PERMISSIONS,
            **forms,
        )
    return render_template(
        "settings/payments/show.html",
        account=account,
        methods_form=methods_form or _saved_methods(account),
        country=Locale("en").territories.get(account.country, account.country),
        fitting=[METHOD_NAMES[key] for key in methods_for(account, current_team().currency)],
        webhook_url=webhook_url(account.id),
        old_secret_works=account.previous_secret_until is not None and account.previous_secret_until > clock.now(),
        opened={name for name, form in (("key", key_form), ("secret", secret_form)) if form is not None},
        reconciliation=RECONCILIATION if RECONCILIATION in current_app.view_functions else None,
        **forms,
    )


def _saved_methods(account: ProcessorAccount) -> MethodsForm:
    data = dict.fromkeys(account.methods, True)
    return MethodsForm(formdata=None, data={**data, "version": str(account.version)})


def _saved_parts() -> PartPaymentsForm:
    settings = billing_settings()
    return PartPaymentsForm(
        formdata=None,
        data={
            "part_payments": settings.part_payments,
            "least_part_percent": str(settings.least_part_percent),
            "version": str(settings.version),
        },
    )
