"""What the platform's Stripe account needs before it sells plans: prices, the billing portal, an endpoint.

Made by a command, as often as somebody runs it: what is there already is left or brought up to date.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cornerspot.kit.money import Money
from cornerspot.payments.provider import ProviderRefused
from cornerspot.payments.stripe_amounts import to_stripe
from cornerspot.payments.stripe_calls import API_VERSION, failures_told_apart, stripe_client
from cornerspot.payments.stripe_plans import PLAN, PORTAL_NAME, is_portal_of_plans
from cornerspot.settings import current_settings

PATH = "/hooks/stripe/plans"
EVENTS = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.resumed",
    "customer.subscription.trial_will_end",
    "invoice.paid",
    "invoice.payment_failed",
    "invoice.payment_action_required",
)
# Plans are changed on our own page, which knows the team's limits; leaving is always possible there.
PORTAL_FEATURES: dict[str, Any] = {
    "customer_update": {"enabled": True, "allowed_updates": ["email", "address", "tax_id"]},
    "invoice_history": {"enabled": True},
    "payment_method_update": {"enabled": True},
    "subscription_cancel": {"enabled": True, "mode": "at_period_end"},
    "subscription_update": {"enabled": False},
}


def put_price(plan_key: str, *, name: str, monthly: Money) -> str:
    """The plan is on sale at this price a month: "made", "changed" (an older price is left to who has it) or "kept"."""
    v1 = _v1()
    amount, currency = to_stripe(monthly), monthly.currency.lower()
    with failures_told_apart():
        found = [_plain(each) for each in v1.prices.list({"lookup_keys": [plan_key], "active": True}).data]
        if found and (found[0]["unit_amount"], found[0]["currency"]) == (amount, currency):
            return "kept"
        new: dict[str, Any] = {
            "currency": currency,
            "unit_amount": amount,
            "recurring": {"interval": "month"},
            "lookup_key": plan_key,
            "metadata": {PLAN: plan_key},
            "nickname": name,
        }
        if found:
            v1.prices.create({**new, "product": found[0]["product"], "transfer_lookup_key": True})
            v1.prices.update(found[0]["id"], {"active": False})
            return "changed"
        v1.prices.create({**new, "product_data": {"name": f"Cornerspot {name}", "metadata": {PLAN: plan_key}}})
        return "made"


def put_portal(*, return_url: str) -> str:
    """The billing portal allows what our page does not do itself: "made" or "kept"."""
    v1 = _v1()
    wanted: dict[str, Any] = {"features": PORTAL_FEATURES, "default_return_url": return_url}
    with failures_told_apart():
        there = [_plain(each) for each in v1.billing_portal.configurations.list({"active": True, "limit": 100}).data]
        ours = [each["id"] for each in there if is_portal_of_plans(each)]
        if ours:
            v1.billing_portal.configurations.update(ours[0], wanted)
            return "kept"
        v1.billing_portal.configurations.create({**wanted, "metadata": {"made_for": PORTAL_NAME}})
        return "made"


def replace_endpoint(base_url: str) -> str:
    """Stripe reports plans to this installation alone; the new endpoint's secret, which is never shown again."""
    v1, url = _v1(), f"{base_url}{PATH}"
    with failures_told_apart():
        older = [_plain(each) for each in v1.webhook_endpoints.list({"limit": 100}).data]
        made = _plain(v1.webhook_endpoints.create(
            {"url": url, "enabled_events": list(EVENTS), "api_version": API_VERSION,
             "metadata": {"made_for": PORTAL_NAME}}
        ))  # fmt: skip
        for each in older:
            if _is_of_plans(each):
                v1.webhook_endpoints.delete(each["id"])
        return str(made["secret"])


def _is_of_plans(endpoint: Mapping[str, Any]) -> bool:
    return (endpoint.get("metadata") or {}).get("made_for") == PORTAL_NAME


def _v1() -> Any:
    key = current_settings().stripe_key
    if not key:
        raise ProviderRefused(
            "Set STRIPE_SECRET_KEY first: this installation has no Stripe account.", code="not_set_up"
        )
    return stripe_client(key).v1


def _plain(answer: Any) -> dict[str, Any]:
    plain: dict[str, Any] = answer.to_dict(for_json=True)
    return plain
