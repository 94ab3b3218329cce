"""What every new object of a kind begins with: the fields that hold the same until something happens."""

from __future__ import annotations

from copy import deepcopy

from cornerspot.payments.standin.state import Obj

_NULL_IN_CHECKOUT_SESSION = """
    after_expiration client_secret collected_information consent consent_collection currency_conversion
    customer_account customer_details invoice origin_context payment_intent payment_link
    payment_method_configuration_details permissions recovered_from setup_intent shipping_address_collection
    shipping_cost subscription wallet_options
"""
_NULL_IN_SUBSCRIPTION = """
    application application_fee_percent billing_cycle_anchor_config billing_thresholds cancel_at canceled_at
    customer_account days_until_due default_source ended_at latest_invoice next_pending_invoice_item_invoice
    on_behalf_of pause_collection pending_invoice_item_interval pending_setup_intent pending_update schedule
    test_clock transfer_data
"""
_NULL_IN_INVOICE = "application description due_date next_payment_attempt"
_NULL_IN_CHARGE = """
    application_fee balance_transaction failure_balance_transaction failure_code failure_message on_behalf_of outcome
    receipt_number receipt_url review shipping source_transfer statement_descriptor transfer_data
"""
_NULL_IN_PAYMENT_INTENT = """
    automatic_payment_methods canceled_at cancellation_reason last_payment_error latest_charge next_action
    on_behalf_of payment_method payment_method_configuration_details processing review shipping transfer_data
"""
_BLANKS: dict[str, Obj] = {
    "checkout.session": {
        **dict.fromkeys(_NULL_IN_CHECKOUT_SESSION.split()),
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "custom_fields": [],
        "discounts": [],
        "livemode": False,
        "object": "checkout.session",
        "payment_status": "unpaid",
        "phone_number_collection": {"enabled": False},
        "shipping_options": [],
        "status": "open",
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
    },
    "subscription": {
        **dict.fromkeys(_NULL_IN_SUBSCRIPTION.split()),
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_mode": {"type": "flexible", "flexible": {"proration_discounts": "included"}},
        "billing_schedules": [],
        "cancel_at_period_end": False,
        "cancellation_details": {"comment": None, "feedback": None, "reason": None},
        "collection_method": "charge_automatically",
        "default_tax_rates": [],
        "discounts": [],
        "invoice_settings": {
            "account_tax_ids": None,
            "issuer": {"type": "self"},
            "custom_fields": None,
            "description": None,
            "footer": None,
        },
        "livemode": False,
        "object": "subscription",
        "payment_settings": {
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": "off",
        },
        "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
    },
    "invoice": {
        **dict.fromkeys(_NULL_IN_INVOICE.split()),
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_paid_off_stripe": 0,
        "amount_shipping": 0,
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": True,
        "automatic_tax": {
            "disabled_reason": None,
            "enabled": False,
            "liability": None,
            "provider": None,
            "status": None,
        },
        "collection_method": "charge_automatically",
        "default_tax_rates": [],
        "discounts": [],
        "issuer": {"type": "self"},
        "livemode": False,
        "metadata": {},
        "object": "invoice",
        "payment_settings": {"default_mandate": None, "payment_method_options": None, "payment_method_types": None},
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "starting_balance": 0,
        "status": "open",
    },
    "dispute": {
        "enhanced_eligibility_types": [],
        "livemode": False,
        "metadata": {},
        "object": "dispute",
    },
    "charge": {
        **dict.fromkeys(_NULL_IN_CHARGE.split()),
        "amount_captured": 0,
        "amount_refunded": 0,
        "captured": False,
        "disputed": False,
        "fraud_details": {},
        "livemode": False,
        "object": "charge",
        "paid": False,
        "refunded": False,
        "status": "pending",
    },
    "payment_intent": {
        **dict.fromkeys(_NULL_IN_PAYMENT_INTENT.split()),
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "confirmation_method": "automatic",
        "livemode": False,
        "object": "payment_intent",
        "payment_method_options": {},
        "status": "requires_payment_method",
    },
}


def blank(kind: str) -> Obj:
    """A fresh copy of what a new object of this kind begins with."""
    return deepcopy(_BLANKS[kind])
