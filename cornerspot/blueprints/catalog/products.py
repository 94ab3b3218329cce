"""Products: list, form, and the choices of the line editor."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import BooleanField

from cornerspot.blueprints.catalog.blueprint import blueprint
from cornerspot.blueprints.support.fields import ChoiceField, LinesField, TextField, VersionField, choices_of
from cornerspot.blueprints.support.forms import Form, use_case
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.blueprints.support.inline import is_inline, made
from cornerspot.blueprints.support.numbers import local_number
from cornerspot.blueprints.support.product_choices import as_choices
from cornerspot.blueprints.support.record_fields import CurrencyField, KeysField, NumberField
from cornerspot.blueprints.support.records import get_or_404
from cornerspot.catalog.discounts import discounts
from cornerspot.catalog.models import Discount, Product, TaxRate
from cornerspot.catalog.products import (
    ProductInput,
    archive_product,
    create_product,
    product_choices,
    products_page,
    restore_product,
    update_product,
)
from cornerspot.catalog.tax_rates import tax_rates
from cornerspot.kit.currency import exponent, is_currency
from cornerspot.people.permissions import Permission
from cornerspot.tenancy import current_team

FREQUENCIES = (
    ("", "One-time"),
    ("monthly", "Monthly"),
    ("quarterly", "Quarterly"),
    ("semi_annual", "Every 6 months"),
    ("annual", "Yearly"),
)


class ProductForm(Form):
    """Something that is sold, with the price and taxes a line starts with."""

    name = TextField("Name", longest=200, required="Enter the product's name.")
    code = TextField("Code", longest=40)
    description = LinesField("Description", longest=2000)
    unit_price = NumberField(
        "Price", places=6, required="Enter a price.", between=(0, 10**12, "Enter a price of zero or more.")
    )
    currency = CurrencyField()
    unit = TextField("Unit", longest=40)
    frequency = ChoiceField("Billed", choices=FREQUENCIES, refusal="Choose how often it is billed.")
    term_months = NumberField("Term in months", places=0, between=(1, 120, "Enter a number of months from 1 to 120."))
    tax_ids = KeysField("Default taxes", refusal="Choose taxes from the list.")
    discount_ids = KeysField("Default discounts", refusal="Choose discounts from the list.")
    is_active = BooleanField("Active")
    version = VersionField()

    def offer(self, rates: list[TaxRate], reductions: list[Discount]) -> None:
        """Fill the lists of taxes and discounts."""
        self.tax_ids.choices = choices_of(
            (str(rate.id), f"{rate.name} {rate.percent.normalize():f}%") for rate in rates
        )
        self.discount_ids.choices = choices_of((str(row.id), row.name) for row in reductions)

    def entered(self) -> ProductInput:
        """The product as it was entered; only after validation."""
        months = self.term_months.number
        return ProductInput(
            name=self.name.data,
            code=self.code.data or "",
            description=self.description.data or "",
            unit_price=self.unit_price.entered,
            currency=self.currency.data,
            unit=self.unit.data or "",
            frequency=self.frequency.data or None,
            term_months=int(months) if months is not None else None,
            tax_ids=tuple(UUID(key) for key in self.tax_ids.data or []),
            discount_ids=tuple(UUID(key) for key in self.discount_ids.data or []),
            is_active=self.is_active.data,
        )


@blueprint.get("/products")
@gate(permission=Permission.READ_CRM)
def products_index() -> ResponseReturnValue:
    search, show = request.args.get("q", "")[:200], request.args.get("show", "active")
    page = products_page(search=search, show=show, cursor=request.args.get("cursor"))
    kept: dict[str, Any] = {"q": search or None, "show": show if show != "active" else None}
    return render_template(
        "catalog/products/index.html",
        products=page.rows,
        search=search,
        show=show,
        frequencies=dict(FREQUENCIES),
        next_href=url_for("catalog.products_index", cursor=page.next_cursor, **kept) if page.next_cursor else None,
        previous_href=url_for("catalog.products_index", cursor=page.previous_cursor, **kept)
        if page.previous_cursor
        else None,
    )


@blueprint.get("/products/choices")
@gate(permission=Permission.READ_CRM)
def product_choices_index() -> ResponseReturnValue:
    """Products for the line editor; choosing one fills the row with what ``fill`` holds."""
    found = product_choices(request.args.get("q", "")[:200])
    return jsonify(as_choices(found, currency=request.args.get("currency", "")))


@blueprint.get("/products/new")
@gate(permission=Permission.EDIT_CATALOG)
def products_new() -> ResponseReturnValue:
    currency = request.args.get("currency", "")
    data = {
        "name": request.args.get("name", "")[:200],
        "currency": currency if is_currency(currency) else current_team().currency,
        "is_active": True,
    }
    return _form(ProductForm(formdata=None, data=data), None)


@blueprint.post("/products")
@gate(permission=Permission.EDIT_CATALOG)
def products_create() -> ResponseReturnValue:
    form = _posted()
    if form.validate_on_submit():
        with use_case(form) as outcome:
            product = create_product(form.entered(), by=current_actor())
        if outcome.ok:
            (choice,) = as_choices([product], currency=request.args.get("currency", ""))
            return made(choice, said="Product created.", page=url_for("catalog.products_index"))
    return _form(form, None), 422


@blueprint.get("/products/<id('prd'):product_id>")
@gate(permission=Permission.READ_CRM)
def products_show(product_id: UUID) -> ResponseReturnValue:
    product = get_or_404(Product, product_id)
    taxes = [rate for rate in tax_rates() if str(rate.id) in product.default_tax_ids]
    reductions = [row for row in discounts() if str(row.id) in product.default_discount_ids]
    return render_template(
        "catalog/products/show.html",
        product=product,
        taxes=taxes,
        reductions=reductions,
        frequencies=dict(FREQUENCIES),
    )


@blueprint.get("/products/<id('prd'):product_id>/edit")
@gate(permission=Permission.EDIT_CATALOG)
def products_edit(product_id: UUID) -> ResponseReturnValue:
    product = get_or_404(Product, product_id)
    return _form(ProductForm(formdata=None, data=_data(product)), product)


@blueprint.post("/products/<id('prd'):product_id>")
@gate(permission=Permission.EDIT_CATALOG)
def products_update(product_id: UUID) -> ResponseReturnValue:
    product = get_or_404(Product, product_id)
    form = _posted()
    if form.validate_on_submit():
        with use_case(form) as outcome:
            update_product(product, form.entered(), by=current_actor(), seen=form.version.seen)
        if outcome.ok:
            flash("Product saved.", "success")
            return redirect(url_for("catalog.products_show", product_id=product_id), 303)
        product = get_or_404(Product, product_id)
        if form.stale:
            form.version.data = str(product.version)
    return _form(form, product), 422


@blueprint.post("/products/<id('prd'):product_id>/archive")
@gate(permission=Permission.EDIT_CATALOG)
def product_archives_create(product_id: UUID) -> ResponseReturnValue:
    archive_product(get_or_404(Product, product_id), by=current_actor())
    flash("Product archived. Documents that name it keep it.", "success")
    return redirect(url_for("catalog.products_show", product_id=product_id), 303)


@blueprint.post("/products/<id('prd'):product_id>/restoration")
@gate(permission=Permission.EDIT_CATALOG)
def product_restorations_create(product_id: UUID) -> ResponseReturnValue:
    restore_product(get_or_404(Product, product_id), by=current_actor())
    flash("Product restored.", "success")
    return redirect(url_for("catalog.products_show", product_id=product_id), 303)


def _posted() -> ProductForm:
    form = ProductForm()
    form.offer(tax_rates(), discounts())
    return form


def _form(form: ProductForm, product: Product | None) -> str:
    form.offer(tax_rates(), discounts())
    page = "catalog/products/dialog.html" if is_inline() and product is None else "catalog/products/form.html"
    return render_template(page, form=form, product=product)


def _data(product: Product) -> dict[str, Any]:
    names = ("name", "code", "description", "currency", "unit", "is_active")
    return {name: getattr(product, name) for name in names} | {
        "unit_price": local_number(product.unit_price, exponent(product.currency)),
        "frequency": product.frequency or "",
        "term_months": str(product.term_months or ""),
        "tax_ids": product.default_tax_ids,
        "discount_ids": product.default_discount_ids,
        "version": str(product.version),
    }
