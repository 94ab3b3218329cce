"""How the team's invoices are numbered, and what they say by default."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import BooleanField

from cornerspot.billing.configuring import BillingSettingsInput, update_billing_settings
from cornerspot.billing.models import BillingSettings
from cornerspot.billing.numbering import current_series, next_number
from cornerspot.billing.settings import billing_settings
from cornerspot.blueprints.settings.blueprint import blueprint
from cornerspot.blueprints.support.fields import ChoiceField, LinesField, TextField, VersionField
from cornerspot.blueprints.support.forms import Form, use_case
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.people.permissions import Permission
from cornerspot.plans.features import Feature
from cornerspot.tenancy import team_today

LONGEST = 5000
TERMS = (
    ("0", "Due on receipt"),
    ("15", "Net 15"),
    ("30", "Net 30"),
    ("45", "Net 45"),
    ("60", "Net 60"),
    ("90", "Net 90"),
)


class InvoiceSettingsForm(Form):
    """Number pattern, terms and texts."""

    number_pattern = TextField("Number pattern", longest=60, required="Enter a pattern such as INV-{seq:06}.")
    restart_yearly = BooleanField("Start again at 1 every year")
    default_terms_days = ChoiceField("Payment terms", choices=TERMS, refusal="Choose payment terms from the list.")
    default_notes = LinesField("Notes", longest=LONGEST)
    default_terms_text = LinesField("Terms and conditions", longest=LONGEST)
    payment_instructions = LinesField("Payment instructions", longest=LONGEST)
    footer = LinesField("Footer", longest=500)
    version = VersionField()


@blueprint.get("/settings/invoices")
@gate(permission=Permission.MANAGE_SETTINGS, feature=Feature.BILLING)
def invoices_show() -> ResponseReturnValue:
    settings = billing_settings()
    form = InvoiceSettingsForm(formdata=None, obj=settings)
    form.default_terms_days.data = str(settings.default_terms_days)
    return _page(form, settings)


@blueprint.post("/settings/invoices")
@gate(permission=Permission.MANAGE_SETTINGS, feature=Feature.BILLING)
def invoices_update() -> ResponseReturnValue:
    form = InvoiceSettingsForm()
    if form.validate_on_submit():
        with use_case(form) as outcome:
            update_billing_settings(_entered(form), seen=form.version.seen, by=current_actor())
        if outcome.ok:
            flash("Invoice settings saved.", "success")
            return redirect(url_for("settings.invoices_show"), 303)
    return _page(form, billing_settings()), 422


def _page(form: InvoiceSettingsForm, settings: BillingSettings) -> str:
    on = team_today()
    series = current_series(settings, on=on)
    return render_template(
        "billing/settings.html",
        form=form,
        settings=settings,
        next_number=next_number(settings, on=on),
        issued=series.last_value if series else 0,
    )


def _entered(form: InvoiceSettingsForm) -> BillingSettingsInput:
    return BillingSettingsInput(
        number_pattern=form.number_pattern.data or "",
        restart_yearly=bool(form.restart_yearly.data),
        default_terms_days=int(form.default_terms_days.data),
        default_notes=form.default_notes.data or "",
        default_terms_text=form.default_terms_text.data or "",
        payment_instructions=form.payment_instructions.data or "",
        footer=form.footer.data or "",
    )
