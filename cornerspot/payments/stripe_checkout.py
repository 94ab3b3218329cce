"""What is asked of Stripe when somebody wants to pay: one hosted page, for one sum of one invoice."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from cornerspot.kit.money import Money
from cornerspot.payments.choosing import methods_for
from cornerspot.payments.models import ProcessorAccount
from cornerspot.payments.stripe_amounts import to_stripe

SESSION_PLACEHOLDER = "{CHECKOUT_SESSION_ID}"  # Stripe fills it in; its braces are sent as they are.
LONGEST_NAME, LONGEST_DESCRIPTION = 250, 500
_LOCALES = (
    "bg cs da de el en en-GB es es-419 et fi fil fr fr-CA hr hu id it ja ko lt lv ms mt nb nl pl pt pt-BR ro ru sk sl"
    " sv th tr vi zh zh-HK zh-TW"
)
LOCALES = frozenset(_LOCALES.split())
ACH = {"verification_method": "automatic", "financial_connections": {"permissions": ["payment_method"]}}
LOCALE_OF_LANGUAGE = {"no": "nb", "nn": "nb", "tl": "fil"}


def checkout_request(
    account: ProcessorAccount,
    *,
    attempt_id: UUID,
    amount: Money,
    label: str,
    description: str,
    customer_id: str,
    success_url: str,
    cancel_url: str,
    expires_at: datetime,
    locale: str,
    metadata: Mapping[str, str],
) -> dict[str, Any]:
    """The request for a payment page, ready to be kept with the attempt and sent as it is.

    ``label`` is what is paid ("Invoice INV-0007"), ``description`` what payer and team see of it later.
    One line holds the whole sum: the invoice's own lines would not add up for a part of it.
    Raises NotPayableOnline for an amount that Stripe cannot charge.
    """
    methods = list(methods_for(account, amount.currency))
    ours = {name: str(value) for name, value in metadata.items()}
    request: dict[str, Any] = {
        "mode": "payment",
        "customer": customer_id,
        "client_reference_id": str(attempt_id),
        "line_items": [_one_line(amount, label)],
        # Stripe copies neither to the other, and what comes later speaks of the payment alone.
        "metadata": ours,
        "payment_intent_data": {"description": description[:LONGEST_DESCRIPTION], "metadata": ours},
        "allowed_payment_method_types": methods,
        "success_url": _with_placeholder(success_url),
        "cancel_url": cancel_url,
        "expires_at": int(expires_at.timestamp()),
        "adaptive_pricing": {"enabled": False},  # The payer pays in the invoice's currency.
        "locale": stripe_locale(locale),
    }
    if "us_bank_account" in methods:
        request["payment_method_options"] = {"us_bank_account": ACH}
    return request


def stripe_locale(locale: str) -> str:
    """Stripe's name of a language and region; ``auto``, which is the browser's, where it has none."""
    language, _, region = locale.replace("_", "-").partition("-")
    language = LOCALE_OF_LANGUAGE.get(language.lower(), language.lower())
    exact = f"{language}-{region.upper()}"
    if exact in LOCALES:
        return exact
    return language if language in LOCALES else "auto"


def _one_line(amount: Money, label: str) -> dict[str, Any]:
    price = {
        "currency": amount.currency.lower(),
        "unit_amount": to_stripe(amount),
        "product_data": {"name": label[:LONGEST_NAME]},
    }
    return {"quantity": 1, "price_data": price}


def _with_placeholder(url: str) -> str:
    if SESSION_PLACEHOLDER in url:
        return url
    return f"{url}{'&' if '?' in url else '?'}session_id={SESSION_PLACEHOLDER}"
