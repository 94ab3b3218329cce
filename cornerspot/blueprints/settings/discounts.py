"""Settings, Discounts."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.settings.blueprint import blueprint
from cornerspot.blueprints.support.fields import ChoiceField, TextField, VersionField
from cornerspot.blueprints.support.forms import Form, use_case
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.blueprints.support.numbers import local_number
from cornerspot.blueprints.support.record_fields import AmountField, CurrencyField, NumberField
from cornerspot.blueprints.support.records import get_or_404
from cornerspot.catalog.discounts import (
    DiscountInput,
    create_discount,
    discounts,
    switch_discount,
    update_discount,
)
from cornerspot.catalog.models import Discount
from cornerspot.kit.currency import exponent
from cornerspot.kit.money import Money
from cornerspot.people.permissions import Permission
from cornerspot.tenancy import current_team


class DiscountForm(Form):
    """A discount of a percentage, or of an amount in one currency."""

    name = TextField("Name", longest=60, required="Enter a name, such as Early bird.")
    kind = ChoiceField(
        "Kind", choices=(("percent", "Percentage"), ("amount", "Fixed amount")), refusal="Choose a kind from the list."
    )
    percent = NumberField("Percentage", places=6, between=(0, 100, "Enter a percentage above 0 and up to 100."))
    amount = AmountField("Amount", negative="Enter an amount above zero.")
    currency = CurrencyField()
    version = VersionField()

    def entered(self) -> DiscountInput:
        """The discount as it was entered; only after validation."""
        if self.kind.data == "percent":
            return DiscountInput(self.name.data, percent=self.percent.number)
        return DiscountInput(self.name.data, amount_minor=self.amount.minor, currency=self.currency.data)


@blueprint.get("/settings/discounts")
@gate(permission=Permission.READ_CRM)
def discounts_index() -> ResponseReturnValue:
    return render_template("settings/discounts/index.html", discounts=discounts())


@blueprint.get("/settings/discounts/new")
@gate(permission=Permission.EDIT_CATALOG)
def discounts_new() -> ResponseReturnValue:
    data = {"kind": "percent", "currency": current_team().currency}
    return _form(DiscountForm(formdata=None, data=data), None)


@blueprint.post("/settings/discounts")
@gate(permission=Permission.EDIT_CATALOG)
def discounts_create() -> ResponseReturnValue:
    form = DiscountForm()
    if form.validate_on_submit():
        with use_case(form) as outcome:
            create_discount(form.entered(), by=current_actor())
        if outcome.ok:
            flash("Discount created.", "success")
            return redirect(url_for("settings.discounts_index"), 303)
    return _form(form, None), 422


@blueprint.get("/settings/discounts/<id('dis'):discount_id>/edit")
@gate(permission=Permission.EDIT_CATALOG)
def discounts_edit(discount_id: UUID) -> ResponseReturnValue:
    discount = get_or_404(Discount, discount_id)
    data = {
        "name": discount.name,
        "version": str(discount.version),
        "currency": discount.currency or current_team().currency,
    }
    if discount.percent is not None:
        data |= {"kind": "percent", "percent": local_number(discount.percent)}
    else:
        worth = Money(discount.amount_minor or 0, discount.currency or "")
        data |= {"kind": "amount", "amount": local_number(worth.to_decimal(), exponent(worth.currency))}
    return _form(DiscountForm(formdata=None, data=data), discount)


@blueprint.post("/settings/discounts/<id('dis'):discount_id>")
@gate(permission=Permission.EDIT_CATALOG)
def discounts_update(discount_id: UUID) -> ResponseReturnValue:
    discount = get_or_404(Discount, discount_id)
    form = DiscountForm()
    if form.validate_on_submit():
        with use_case(form) as outcome:
            update_discount(discount, form.entered(), by=current_actor(), seen=form.version.seen)
        if outcome.ok:
            flash("Discount saved. Documents keep the one they were written with.", "success")
            return redirect(url_for("settings.discounts_index"), 303)
        discount = get_or_404(Discount, discount_id)
        if form.stale:
            form.version.data = str(discount.version)
    return _form(form, discount), 422


@blueprint.post("/settings/discounts/<id('dis'):discount_id>/switch")
@gate(permission=Permission.EDIT_CATALOG)
def discount_switches_create(discount_id: UUID) -> ResponseReturnValue:
    active = request.form.get("active") == "1"
    switch_discount(get_or_404(Discount, discount_id), active=active, by=current_actor())
    flash("Discount restored." if active else "Discount archived. Documents keep it.", "success")
    return redirect(url_for("settings.discounts_index"), 303)


def _form(form: DiscountForm, discount: Discount | None) -> str:
    return render_template("settings/discounts/form.html", form=form, discount=discount)
