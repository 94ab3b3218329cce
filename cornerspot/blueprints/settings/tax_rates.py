"""Settings, Taxes."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.settings.blueprint import blueprint
from cornerspot.blueprints.support.fields import TextField, VersionField
from cornerspot.blueprints.support.forms import Form, use_case
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.blueprints.support.numbers import local_number
from cornerspot.blueprints.support.record_fields import NumberField
from cornerspot.blueprints.support.records import get_or_404
from cornerspot.catalog.models import TaxRate
from cornerspot.catalog.tax_rates import TaxRateInput, create_tax_rate, switch_tax_rate, tax_rates, update_tax_rate
from cornerspot.people.permissions import Permission


class TaxRateForm(Form):
    """A tax by name and percent."""

    name = TextField("Name", longest=60, required="Enter a name, such as VAT.")
    percent = NumberField(
        "Rate", places=6, required="Enter a percentage.", between=(0, 100, "Enter a percentage from 0 to 100.")
    )
    region = TextField("Region", longest=60)
    description = TextField("Description", longest=200)
    version = VersionField()

    def entered(self) -> TaxRateInput:
        """The rate as it was entered; only after validation."""
        return TaxRateInput(self.name.data, self.percent.entered, self.region.data or "", self.description.data or "")


@blueprint.get("/settings/taxes")
@gate(permission=Permission.READ_CRM)
def tax_rates_index() -> ResponseReturnValue:
    return render_template("settings/tax_rates/index.html", rates=tax_rates())


@blueprint.get("/settings/taxes/new")
@gate(permission=Permission.EDIT_CATALOG)
def tax_rates_new() -> ResponseReturnValue:
    return _form(TaxRateForm(formdata=None), None)


@blueprint.post("/settings/taxes")
@gate(permission=Permission.EDIT_CATALOG)
def tax_rates_create() -> ResponseReturnValue:
    form = TaxRateForm()
    if form.validate_on_submit():
        with use_case(form) as outcome:
            create_tax_rate(form.entered(), by=current_actor())
        if outcome.ok:
            flash("Tax rate created.", "success")
            return redirect(url_for("settings.tax_rates_index"), 303)
    return _form(form, None), 422


@blueprint.get("/settings/taxes/<id('tax'):tax_rate_id>/edit")
@gate(permission=Permission.EDIT_CATALOG)
def tax_rates_edit(tax_rate_id: UUID) -> ResponseReturnValue:
    rate = get_or_404(TaxRate, tax_rate_id)
    data = {name: getattr(rate, name) for name in ("name", "region", "description")}
    data |= {"percent": local_number(rate.percent), "version": str(rate.version)}
    return _form(TaxRateForm(formdata=None, data=data), rate)


@blueprint.post("/settings/taxes/<id('tax'):tax_rate_id>")
@gate(permission=Permission.EDIT_CATALOG)
def tax_rates_update(tax_rate_id: UUID) -> ResponseReturnValue:
    rate = get_or_404(TaxRate, tax_rate_id)
    form = TaxRateForm()
    if form.validate_on_submit():
        with use_case(form) as outcome:
            update_tax_rate(rate, form.entered(), by=current_actor(), seen=form.version.seen)
        if outcome.ok:
            flash("Tax rate saved. Documents keep the rate they were written with.", "success")
            return redirect(url_for("settings.tax_rates_index"), 303)
        rate = get_or_404(TaxRate, tax_rate_id)
        if form.stale:
            form.version.data = str(rate.version)
    return _form(form, rate), 422


@blueprint.post("/settings/taxes/<id('tax'):tax_rate_id>/switch")
@gate(permission=Permission.EDIT_CATALOG)
def tax_rate_switches_create(tax_rate_id: UUID) -> ResponseReturnValue:
    active = request.form.get("active") == "1"
    switch_tax_rate(get_or_404(TaxRate, tax_rate_id), active=active, by=current_actor())
    flash("Tax rate restored." if active else "Tax rate archived. Documents keep it.", "success")
    return redirect(url_for("settings.tax_rates_index"), 303)


def _form(form: TaxRateForm, rate: TaxRate | None) -> str:
    return render_template("settings/tax_rates/form.html", form=form, rate=rate)
