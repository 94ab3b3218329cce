"""Suggestions for the form of an invoice: customers found while one types."""

from __future__ import annotations

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.billing.blueprint import blueprint
from cornerspot.blueprints.support.gate import gate
from cornerspot.crm.listing import account_choices
from cornerspot.people.permissions import Permission

MOST = 50


@blueprint.get("/invoices/customers")
@gate(permission=Permission.CREATE_INVOICES)
def invoice_customers_index() -> ResponseReturnValue:
    rows = account_choices(request.args.get("q", "")[:200], limit=MOST)
    return jsonify([{"value": str(row.id), "text": row.name, "hint": row.billing_email} for row in rows])
