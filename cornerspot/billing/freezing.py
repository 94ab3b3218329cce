"""Freezing: the copy of every name, address and text that a final invoice prints."""

from __future__ import annotations

from typing import Any

from cornerspot.billing.models import BillingSettings, Invoice
from cornerspot.catalog.amounts import Totals
from cornerspot.crm.models import Account, Contact
from cornerspot.tenancy.models import Team


def freeze(invoice: Invoice, totals: Totals, settings: BillingSettings, team: Team) -> dict[str, Any]:
    """Everything about the invoice that stands in other rows, as plain JSON; needs account and contact loaded."""
    return {
        "seller": seller_copy(team),
        "customer": customer_copy(invoice.account),
        "contact": _contact(invoice.contact),
        "texts": {
            "notes": invoice.notes,
            "terms_text": invoice.terms_text,
            "payment_instructions": settings.payment_instructions,
            "footer": settings.footer,
        },
        "logo_file_id": None if settings.logo_file_id is None else str(settings.logo_file_id),
        "locale": team.locale,
        "country": team.country,
        "document_discounts": [
            {
                "name": discount.name,
                "percent": None if discount.percent is None else str(discount.percent),
                "amount_minor": discount.amount_minor,
            }
            for discount in totals.document_discounts
        ],
    }


def seller_copy(team: Team) -> dict[str, Any]:
    """The team as it is printed now."""
    return {
        "name": team.legal_name or team.name,
        "display_name": team.name,
        "street": team.street,
        "postal_code": team.postal_code,
        "city": team.city,
        "region": team.region,
        "country": team.country,
        "tax_id": team.tax_id,
        "email": team.email,
    }


def customer_copy(account: Account | None) -> dict[str, Any]:
    """The customer as it is printed now, empty when there is none."""
    if account is None:
        return {}
    return {
        "name": account.legal_name or account.name,
        "display_name": account.name,
        "address": dict(account.billing_address),
        "tax_id": account.tax_id,
        "email": account.billing_email,
        "locale": account.locale,
    }


def _contact(contact: Contact | None) -> dict[str, Any]:
    return {} if contact is None else {"name": contact.name, "email": contact.email}
