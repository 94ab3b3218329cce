"""Which parameters each operation knows: the stand-in's own tables, apart from Stripe's description.

Parameters that Stripe knows and Cornerspot has no use for are left out, so that
sending one is heard of.
"""

from __future__ import annotations

from typing import Any

from cornerspot.payments.standin.params import Currency, Flag, ListOf, Pairs, Range, Shape, Text, Whole

TEXT, COUNT, EXPAND = Text(), Whole(0), ListOf(Text())
UNSETTABLE = Text(unsets=True)
INTERVALS = ("day", "week", "month", "year")
PAGING: dict[str, Any] = {"limit": Whole(1), "starting_after": TEXT, "ending_before": TEXT, "expand": EXPAND}
ONLY_EXPAND = Shape({"expand": EXPAND})


def listing(**filters: Any) -> Shape:
    """A list operation: paging, and these filters."""
    return Shape({**PAGING, **filters})


ADDRESS = Shape(dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"), UNSETTABLE), unsets=True)
CUSTOMER = Shape(
    {
        "address": ADDRESS,
        "description": UNSETTABLE,
        "email": Text(512, unsets=True),
        "expand": EXPAND,
        "metadata": Pairs(),
        "name": Text(256, unsets=True),
        "phone": Text(20, unsets=True),
        "preferred_locales": ListOf(TEXT),
        "tax_exempt": Text(choices=("exempt", "none", "reverse"), unsets=True),
    }
)
PRODUCT_DATA = Shape(
    {"description": Text(40000), "images": ListOf(TEXT), "metadata": Pairs(), "name": TEXT, "unit_label": Text(12)},
    required=("name",),
)
RECURRING = Shape({"interval": Text(choices=INTERVALS), "interval_count": Whole(1)}, required=("interval",))
TAX_BEHAVIOR = Text(choices=("exclusive", "inclusive", "unspecified"))
LINE_ITEM = Shape(
    {
        "metadata": Pairs(),
        "price": TEXT,
        "price_data": Shape(
            {
                "currency": Currency(),
                "product": TEXT,
                "product_data": PRODUCT_DATA,
                "recurring": RECURRING,
                "tax_behavior": TAX_BEHAVIOR,
                "unit_amount": COUNT,
            },
            required=("currency",),
        ),
        "quantity": COUNT,
    }
)
FUTURE_USAGE = Text(choices=("off_session", "on_session"))
DEBIT_OPTIONS = Shape(
    {
        "setup_future_usage": Text(choices=("none", "off_session", "on_session")),
        "target_date": TEXT,
        "verification_method": Text(choices=("automatic", "instant", "microdeposits")),
    }
)
PAYMENT_METHOD_OPTIONS = Shape(
    {
        "acss_debit": DEBIT_OPTIONS,
        "au_becs_debit": Shape({"target_date": TEXT}),
        "bacs_debit": Shape({"setup_future_usage": FUTURE_USAGE, "target_date": TEXT}),
        "card": Shape(
            {
                "request_three_d_secure": Text(choices=("any", "automatic", "challenge")),
                "setup_future_usage": FUTURE_USAGE,
            }
        ),
        "sepa_debit": Shape({"setup_future_usage": FUTURE_USAGE, "target_date": TEXT}),
        "us_bank_account": Shape(
            {
                "financial_connections": Shape(
                    {
                        "permissions": ListOf(
                            Text(choices=("balances", "ownership", "payment_method", "transactions"))
                        ),
                        "prefetch": ListOf(Text(choices=("balances", "ownership", "transactions"))),
                    }
                ),
                "setup_future_usage": Text(choices=("none", "off_session", "on_session")),
                "target_date": TEXT,
                "verification_method": Text(choices=("automatic", "instant")),
            }
        ),
    }
)
PAYMENT_INTENT_DATA = Shape(
    {
        "application_fee_amount": COUNT,
        "capture_method": Text(choices=("automatic", "automatic_async", "manual")),
        "description": Text(1000),
        "metadata": Pairs(),
        "receipt_email": TEXT,
        "setup_future_usage": FUTURE_USAGE,
        "statement_descriptor": Text(22),
        "statement_descriptor_suffix": Text(22),
        "transfer_group": TEXT,
    }
)
SUBSCRIPTION_DATA = Shape(
    {
        "billing_mode": Shape({"type": Text(choices=("classic", "flexible"))}, required=("type",)),
        "description": Text(500),
        "metadata": Pairs(),
        "proration_behavior": Text(choices=("create_prorations", "none")),
        "trial_end": COUNT,
        "trial_period_days": Whole(1),
        "trial_settings": Shape(
            {
                "end_behavior": Shape(
                    {"missing_payment_method": Text(choices=("cancel", "create_invoice", "pause"))},
                    required=("missing_payment_method",),
                )
            },
            required=("end_behavior",),
        ),
    }
)
CUSTOM_TEXT = Shape({"message": Text(1200)}, required=("message",), unsets=True)
CHECKOUT_SESSION = Shape(
    {
        "adaptive_pricing": Shape({"enabled": Flag()}),
        "allow_promotion_codes": Flag(),
        "allowed_payment_method_types": ListOf(TEXT),
        "automatic_tax": Shape({"enabled": Flag()}, required=("enabled",)),
        "billing_address_collection": Text(choices=("auto", "required")),
        "cancel_url": TEXT,
        "client_reference_id": Text(200),
        "currency": Currency(),
        "custom_text": Shape(dict.fromkeys(("after_submit", "submit", "terms_of_service_acceptance"), CUSTOM_TEXT)),
        "customer": TEXT,
        "customer_creation": Text(choices=("always", "if_required")),
        "customer_email": TEXT,
        "customer_update": Shape({name: Text(choices=("auto", "never")) for name in ("address", "name", "shipping")}),
        "excluded_payment_method_types": ListOf(TEXT),
        "expand": EXPAND,
        "expires_at": COUNT,
        "line_items": ListOf(LINE_ITEM),
        "locale": TEXT,
        "metadata": Pairs(),
        "mode": Text(choices=("payment", "setup", "subscription")),
        "payment_intent_data": PAYMENT_INTENT_DATA,
        "payment_method_collection": Text(choices=("always", "if_required")),
        "payment_method_options": PAYMENT_METHOD_OPTIONS,
        "return_url": TEXT,
        "saved_payment_method_options": Shape(
            {
                "allow_redisplay_filters": ListOf(Text(choices=("always", "limited", "unspecified"))),
                "payment_method_remove": Text(choices=("disabled", "enabled")),
                "payment_method_save": Text(choices=("disabled", "enabled")),
            }
        ),
        "submit_type": Text(choices=("auto", "book", "donate", "pay", "subscribe")),
        "subscription_data": SUBSCRIPTION_DATA,
        "success_url": TEXT,
        "ui_mode": Text(choices=("elements", "embedded_page", "hosted_page")),
    }
)
CHECKOUT_SESSIONS = listing(
    created=Range(),
    customer=TEXT,
    payment_intent=TEXT,
    status=Text(choices=("complete", "expired", "open")),
    subscription=TEXT,
)
CANCEL_INTENT = Shape(
    {
        "cancellation_reason": Text(choices=("abandoned", "duplicate", "fraudulent", "requested_by_customer")),
        "expand": EXPAND,
    }
)
UPDATE_INTENT = Shape({"description": Text(1000, unsets=True), "expand": EXPAND, "metadata": Pairs()})
REFUND = Shape(
    {
        "amount": Whole(1),
        "charge": TEXT,
        "expand": EXPAND,
        "metadata": Pairs(),
        "payment_intent": TEXT,
        "reason": Text(choices=("duplicate", "fraudulent", "requested_by_customer")),
        "refund_application_fee": Flag(),
        "reverse_transfer": Flag(),
    }
)
REFUNDS = listing(charge=TEXT, created=Range(), payment_intent=TEXT)
BALANCE_TRANSACTIONS = listing(created=Range(), currency=Currency(), payout=TEXT, source=TEXT, type=TEXT)
EVENTS = listing(created=Range(), delivery_success=Flag(), type=TEXT, types=ListOf(TEXT))
ENDPOINT_CHANGES: dict[str, Any] = {
    "description": UNSETTABLE,
    "enabled_events": ListOf(TEXT),
    "expand": EXPAND,
    "metadata": Pairs(),
    "url": TEXT,
}
NEW_ENDPOINT = Shape({**ENDPOINT_CHANGES, "api_version": TEXT, "connect": Flag()}, required=("enabled_events", "url"))
CHANGED_ENDPOINT = Shape({**ENDPOINT_CHANGES, "disabled": Flag()})
PRODUCT_FIELDS: dict[str, Any] = {
    "active": Flag(),
    "description": Text(40000, unsets=True),
    "expand": EXPAND,
    "images": ListOf(TEXT),
    "metadata": Pairs(),
    "name": TEXT,
    "statement_descriptor": Text(22),
    "unit_label": Text(12, unsets=True),
    "url": UNSETTABLE,
}
NEW_PRODUCT = Shape({**PRODUCT_FIELDS, "id": TEXT}, required=("name",))
CHANGED_PRODUCT = Shape({**PRODUCT_FIELDS, "default_price": TEXT})
PRODUCTS = listing(active=Flag(), created=Range(), ids=ListOf(TEXT), url=TEXT)
NEW_PRICE = Shape(
    {
        "active": Flag(),
        "billing_scheme": Text(choices=("per_unit", "tiered")),
        "currency": Currency(),
        "expand": EXPAND,
        "lookup_key": Text(200),
        "metadata": Pairs(),
        "nickname": TEXT,
        "product": TEXT,
        "product_data": Shape({"id": TEXT, "metadata": Pairs(), "name": TEXT}, required=("name",)),
        "recurring": RECURRING,
        "tax_behavior": TAX_BEHAVIOR,
        "transfer_lookup_key": Flag(),
        "unit_amount": COUNT,
    },
    required=("currency",),
)
CHANGED_PRICE = Shape(
    {
        "active": Flag(),
        "expand": EXPAND,
        "lookup_key": Text(200, unsets=True),
        "metadata": Pairs(),
        "nickname": UNSETTABLE,
        "transfer_lookup_key": Flag(),
    }
)
PRICES = listing(
    active=Flag(),
    created=Range(),
    currency=Currency(),
    lookup_keys=ListOf(TEXT),
    product=TEXT,
    type=Text(choices=("one_time", "recurring")),
)
SUBSCRIPTIONS = listing(
    created=Range(),
    customer=TEXT,
    price=TEXT,
    status=Text(
        choices=(
            "active",
            "all",
            "canceled",
            "ended",
            "incomplete",
            "incomplete_expired",
            "past_due",
            "paused",
            "trialing",
            "unpaid",
        )
    ),
)
CANCELLATION = Shape({"comment": UNSETTABLE, "feedback": Text(unsets=True)})
CHANGED_SUBSCRIPTION = Shape(
    {
        "billing_cycle_anchor": Shape({"type": Text(choices=("now", "unchanged"))}, required=("type",)),
        "cancel_at_period_end": Flag(),
        "cancellation_details": CANCELLATION,
        "description": Text(500, unsets=True),
        "expand": EXPAND,
        "items": ListOf(Shape({"deleted": Flag(), "id": TEXT, "metadata": Pairs(), "price": TEXT, "quantity": COUNT})),
        "metadata": Pairs(),
        "payment_behavior": Text(
            choices=("allow_incomplete", "default_incomplete", "error_if_incomplete", "pending_if_incomplete")
        ),
        "proration_behavior": Text(choices=("always_invoice", "create_prorations", "none")),
        "trial_end": TEXT,
    }
)
CANCEL_SUBSCRIPTION = Shape(
    {"cancellation_details": CANCELLATION, "expand": EXPAND, "invoice_now": Flag(), "prorate": Flag()}
)
INVOICES = listing(
    created=Range(),
    customer=TEXT,
    status=Text(choices=("draft", "open", "paid", "uncollectible", "void")),
    subscription=TEXT,
)
PORTAL_SESSION = Shape(
    {"configuration": TEXT, "customer": TEXT, "expand": EXPAND, "locale": TEXT, "return_url": TEXT},
    required=("customer",),
)
PORTAL_FEATURES = Shape(
    {
        "customer_update": Shape(
            {"allowed_updates": ListOf(TEXT), "enabled": Flag()},
            required=("enabled",),
        ),
        "invoice_history": Shape({"enabled": Flag()}, required=("enabled",)),
        "payment_method_update": Shape({"enabled": Flag()}, required=("enabled",)),
        "subscription_cancel": Shape(
            {
                "cancellation_reason": Shape(
                    {"enabled": Flag(), "options": ListOf(TEXT)}, required=("enabled", "options")
                ),
                "enabled": Flag(),
                "mode": Text(choices=("at_period_end", "immediately")),
                "proration_behavior": Text(choices=("always_invoice", "create_prorations", "none")),
            },
            required=("enabled",),
        ),
        "subscription_update": Shape(
            {
                "default_allowed_updates": ListOf(Text(choices=("price", "promotion_code", "quantity"))),
                "enabled": Flag(),
                "products": ListOf(Shape({"prices": ListOf(TEXT), "product": TEXT}, required=("prices", "product"))),
                "proration_behavior": Text(choices=("always_invoice", "create_prorations", "none")),
            },
            required=("enabled",),
        ),
    }
)
PORTAL_FIELDS: dict[str, Any] = {
    "business_profile": Shape(
        {"headline": Text(60, unsets=True), "privacy_policy_url": TEXT, "terms_of_service_url": TEXT}
    ),
    "default_return_url": UNSETTABLE,
    "expand": EXPAND,
    "features": PORTAL_FEATURES,
    "metadata": Pairs(),
    "name": Text(256, unsets=True),
}
NEW_PORTAL = Shape(PORTAL_FIELDS, required=("features",))
CHANGED_PORTAL = Shape({**PORTAL_FIELDS, "active": Flag()})
OAUTH_TOKEN = Shape(
    {
        "client_id": TEXT,
        "client_secret": TEXT,
        "code": TEXT,
        "grant_type": TEXT,
        "redirect_uri": TEXT,
        "refresh_token": TEXT,
        "scope": TEXT,
    }
)
OAUTH_LEAVE = Shape({"client_id": TEXT, "stripe_user_id": TEXT})
