"""Suggestions for the line editor: customers and products found while one types."""

from __future__ import annotations

from typing import Any

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.billing.blueprint import blueprint
from cornerspot.blueprints.support.filters import unit_price
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.line_form import show_discounts
from cornerspot.catalog.discounts import discounts
from cornerspot.catalog.lines import Copy, discount_copy, tax_copy
from cornerspot.catalog.models import Product
from cornerspot.catalog.products import offered_products
from cornerspot.catalog.tax_rates import tax_rates
from cornerspot.crm.listing import account_choices
from cornerspot.kit.searching import search_form
from cornerspot.people.permissions import Permission
from cornerspot.tenancy import current_team

MOST = 50


@blueprint.get("/invoices/customers")
@gate(permission=Permission.CREATE_INVOICES)
def invoice_customers_index() -> ResponseReturnValue:
    rows = account_choices(request.args.get("q", "")[:200], limit=MOST)
    return jsonify([{"value": str(row.id), "text": row.name, "hint": row.billing_email} for row in rows])


@blueprint.get("/invoices/products")
@gate(permission=Permission.CREATE_INVOICES)
def invoice_products_index() -> ResponseReturnValue:
    wanted = search_form(request.args.get("q", "")[:200])
    found = [row for row in offered_products() if wanted in search_form(f"{row.name} {row.code}")][:MOST]
    taxes = {str(row.id): tax_copy(row) for row in tax_rates(active_only=True)}
    reductions = {str(row.id): discount_copy(row) for row in discounts(active_only=True)}
    return jsonify([_suggestion(row, taxes, reductions) for row in found])


def _suggestion(product: Product, taxes: dict[str, Copy], reductions: dict[str, Copy]) -> dict[str, Any]:
    """The product as a choice, and what choosing it writes into the row."""
    given = [reductions[key] for key in product.default_discount_ids if key in reductions]
    usable = [copy for copy in given if copy.get("percent") is not None]  # A fixed amount may be in another currency.
    price = unit_price(product.unit_price, product.currency)
    return {
        "value": str(product.id),
        "text": product.name,
        "hint": " · ".join(part for part in (product.code, f"{price} {product.currency}") if part),
        "fill": {
            "description": product.description or product.name,
            "unit": product.unit,
            "unit_price": price,
            "discount": show_discounts(usable, currency=product.currency, locale=current_team().locale),
            "taxes": [taxes[key]["key"] for key in product.default_tax_ids if key in taxes],
        },
    }
