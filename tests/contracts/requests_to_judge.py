"""Requests that the judge must let pass and requests that it must refuse.

Good ones are calls of the SDK, so that their encoding is the SDK's; bad ones are
what a tired person would write. ``place`` is where the judge must point.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import stripe

from tests.contracts.both_judges import BOTH, OPENAPI


class Capturing(stripe.HTTPClient):
    """Keeps the last request of the SDK and answers an empty map."""

    name = "capturing"

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[tuple[str, str, Any, Mapping[str, str]]] = []

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **_: Any
    ) -> tuple[str, int, Mapping[str, str]]:
        self.sent.append((method, url.partition("stripe.com")[2], post_data, headers or {}))
        return "{}", 200, {}

    def close(self) -> None:
        """Nothing is open."""


def captured(call: Callable[[stripe.StripeClient], object]) -> tuple[str, str, Any, Mapping[str, str]]:
    """Method, path with query, body and headers of the one request that a call makes."""
    http = Capturing()
    call(stripe.StripeClient("sk_test_1", client_id="ca_1", http_client=http))
    (request,) = http.sent
    return request


@dataclass(frozen=True)
class Bad:
    """A request that Stripe refuses, where the judge points, and which descriptions can tell."""

    method: str
    path: str
    asked: Mapping[str, Any] | str
    place: tuple[str, ...]
    told_by: tuple[str, ...] = BOTH

    def request(self) -> tuple[str, str, Any, Mapping[str, str]]:
        """As the SDK would send it; a text is a body as it stands."""
        if isinstance(self.asked, str):
            return self.method, self.path, self.asked, {}
        options = dict(self.asked)
        return captured(lambda client: client.raw_request(self.method, self.path, **options))


PRICE_DATA = {"currency": "eur", "unit_amount": 11900, "product_data": {"name": "Invoice INV-0007"}}
LINE = {"quantity": 1, "price_data": PRICE_DATA}
METADATA = {"team": "acme", "invoice": "inv_1", "attempt": "att_1"}
PAY = {
    "mode": "payment",
    "customer": "cus_1",
    "client_reference_id": "att_1",
    "line_items": [LINE],
    "metadata": METADATA,
    "payment_intent_data": {"metadata": METADATA, "description": "INV-0007, Acme", "setup_future_usage": "off_session"},
    "allowed_payment_method_types": ["card", "us_bank_account"],
    "payment_method_options": {
        "us_bank_account": {
            "verification_method": "instant",
            "financial_connections": {"permissions": ["payment_method"]},
        }
    },
    "saved_payment_method_options": {"payment_method_save": "enabled"},
    "adaptive_pricing": {"enabled": False},
    "success_url": "https://pay.example/done?session_id={CHECKOUT_SESSION_ID}",
    "cancel_url": "https://pay.example/invoices/inv_1",
    "expires_at": 1795000000,
    "locale": "de",
}
ENDPOINT = {
    "url": "https://pay.example/hooks/stripe/1",
    "enabled_events": ["checkout.session.completed", "charge.dispute.funds_withdrawn", "refund.failed"],
    "api_version": "2026-10-28.endive",
    "metadata": METADATA,
}
OFF_SESSION = {
    "amount": 11900,
    "currency": "jpy",
    "customer": "cus_1",
    "payment_method": "pm_1",
    "off_session": True,
    "confirm": True,
    "metadata": METADATA,
    "expand": ["latest_charge.balance_transaction"],
}
ONBOARDING = {"refresh_url": "https://pay.example/again", "return_url": "https://pay.example/back"}

GOOD: dict[str, Callable[[stripe.StripeClient], object]] = {
    "a payment session": lambda c: c.v1.checkout.sessions.create(PAY, {"idempotency_key": "cs:att_1"}),
    "a session on a connected account": lambda c: c.v1.checkout.sessions.create(PAY, {"stripe_account": "acct_1"}),
    "a subscription session": lambda c: c.v1.checkout.sessions.create(
        {
            "mode": "subscription",
            "customer": "cus_1",
            "line_items": [{"price": "price_1", "quantity": 3}],
            "subscription_data": {"metadata": METADATA, "trial_period_days": 14},
            "success_url": "https://pay.example/plan",
        }
    ),
    "a setup session": lambda c: c.v1.checkout.sessions.create(
        {
            "mode": "setup",
            "customer": "cus_1",
            "currency": "usd",
            "setup_intent_data": {"metadata": METADATA},
            "success_url": "https://pay.example/saved",
        }
    ),
    "an expiry": lambda c: c.v1.checkout.sessions.expire("cs_test_1"),
    "a session read": lambda c: c.v1.checkout.sessions.retrieve("cs_test_1", {"expand": ["payment_intent"]}),
    "rows expanded": lambda c: c.v1.payment_intents.list({"expand": ["data.latest_charge.balance_transaction"]}),
    "line items and refunds expanded": lambda c: c.v1.checkout.sessions.retrieve(
        "cs_test_1", {"expand": ["line_items", "payment_intent.latest_charge.refunds"]}
    ),
    "sessions listed": lambda c: c.v1.checkout.sessions.list(
        {"customer": "cus_1", "created": {"gte": 1}, "limit": 100}
    ),
    "line items listed": lambda c: c.v1.checkout.sessions.line_items.list("cs_test_1", {"limit": 1}),
    "a customer": lambda c: c.v1.customers.create(
        {
            "name": "Ada",
            "email": "ada@acme.example",
            "address": {"line1": "1 Way", "country": "DE"},
            "metadata": {"k": "v"},
        }
    ),
    "a value unset": lambda c: c.v1.customers.update("cus_1", {"metadata": {"k": ""}, "phone": ""}),
    "all metadata unset": lambda c: c.v1.customers.update("cus_1", {"metadata": ""}),
    "a customer deleted": lambda c: c.v1.customers.delete("cus_1"),
    "customers searched": lambda c: c.v1.customers.search({"query": "metadata['k']:'v'"}),
    "a charge off session": lambda c: c.v1.payment_intents.create(OFF_SESSION, {"idempotency_key": "auto:inv_1:1"}),
    "a payment read": lambda c: c.v1.payment_intents.retrieve(
        "pi_1", {"expand": ["latest_charge.balance_transaction"]}
    ),
    "a payment cancelled": lambda c: c.v1.payment_intents.cancel("pi_1", {"cancellation_reason": "abandoned"}),
    "payments listed": lambda c: c.v1.payment_intents.list({"created": {"gte": 1, "lt": 2}, "limit": 100}),
    "a part refunded": lambda c: c.v1.refunds.create(
        {"payment_intent": "pi_1", "amount": 100, "reason": "requested_by_customer", "metadata": METADATA}
    ),
    "refunds listed": lambda c: c.v1.refunds.list({"payment_intent": "pi_1", "limit": 100, "starting_after": "re_1"}),
    "disputes listed": lambda c: c.v1.disputes.list({"payment_intent": "pi_1"}),
    "evidence given": lambda c: c.v1.disputes.update("du_1", {"evidence": {"customer_name": "Ada"}, "submit": False}),
    "a webhook endpoint": lambda c: c.v1.webhook_endpoints.create(ENDPOINT),
    "an endpoint switched off": lambda c: c.v1.webhook_endpoints.update("we_1", {"disabled": True}),
    "events swept": lambda c: c.v1.events.list(
        {"types": ["charge.refunded", "refund.updated"], "created": {"gte": 1}, "delivery_success": False}
    ),
    "money listed": lambda c: c.v1.balance_transactions.list({"created": {"gte": 1}, "type": "charge"}),
    "our account": lambda c: c.v1.accounts.retrieve_current(),
    "a code exchanged": lambda c: c.oauth.token({"grant_type": "authorization_code", "code": "ac_1"}),
    "an account left": lambda c: c.oauth.deauthorize({"stripe_user_id": "acct_1"}),
    "a billing portal": lambda c: c.v1.billing_portal.sessions.create(
        {"customer": "cus_1", "return_url": "https://pay.example/plan"}
    ),
    "a billing anchor": lambda c: c.v1.subscriptions.update(
        "sub_1", {"billing_cycle_anchor": {"type": "now"}, "items": [{"id": "si_1", "price": "price_2"}]}
    ),
    "a price": lambda c: c.v1.prices.create(
        {"currency": "usd", "unit_amount": 2900, "product": "prod_1", "recurring": {"interval": "month"}}
    ),
    "a method saved": lambda c: c.v1.setup_intents.create({"customer": "cus_1", "usage": "off_session"}),
    "a method dropped": lambda c: c.v1.payment_methods.detach("pm_1"),
    "metadata to the brim": lambda c: c.v1.refunds.create(
        {"charge": "ch_1", "metadata": {f"{n:040}": "v" * 500 for n in range(50)}}
    ),
    "an account of v2": lambda c: c.v2.core.accounts.create(
        {"contact_email": "ada@acme.example", "display_name": "Acme", "metadata": METADATA}
    ),
    "an onboarding link of v2": lambda c: c.v2.core.account_links.create(
        {
            "account": "acct_1",
            "use_case": {
                "type": "account_onboarding",
                "account_onboarding": {**ONBOARDING, "collection_options": {"fields": "currently_due"}},
            },
        }
    ),
}


def paying(**changes: Any) -> dict[str, Any]:
    """The good payment session with changes."""
    return {**PAY, **changes}


def selling(**changes: Any) -> dict[str, Any]:
    """The good payment session with another price."""
    return paying(line_items=[{"quantity": 1, "price_data": {**PRICE_DATA, **changes}}])


SESSIONS, INTENTS, REFUNDS = "/v1/checkout/sessions", "/v1/payment_intents", "/v1/refunds"
UNIT_AMOUNT = ("line_items", "0", "price_data", "unit_amount")

BAD: dict[str, Bad] = {
    "types of methods on a session": Bad(
        "post", SESSIONS, paying(payment_method_types=["card"]), ("payment_method_types",)
    ),
    "types of methods on an intent": Bad(
        "post", INTENTS, {**OFF_SESSION, "payment_method_types": ["card"]}, ("payment_method_types",)
    ),
    "types of methods on a setup": Bad(
        "post", "/v1/setup_intents", {"payment_method_types": ["card"]}, ("payment_method_types",)
    ),
    "a name unknown at the top": Bad("post", REFUNDS, {"payment": "pi_1"}, ("payment",)),
    "a name unknown in a list": Bad(
        "post", SESSIONS, paying(line_items=[{**LINE, "qty": 1}]), ("line_items", "0", "qty")
    ),
    "a name unknown four deep": Bad(
        "post",
        SESSIONS,
        selling(product_data={"name": "Invoice", "titel": "x"}),
        ("line_items", "0", "price_data", "product_data", "titel"),
    ),
    "a filter unknown": Bad("get", INTENTS, {"status": "succeeded"}, ("status",)),
    "a decimal as an amount": Bad("post", SESSIONS, selling(unit_amount="119.00"), UNIT_AMOUNT),
    "words as an amount": Bad("post", REFUNDS, {"charge": "ch_1", "amount": "all"}, ("amount",)),
    "an amount below zero": Bad("post", SESSIONS, selling(unit_amount=-1), UNIT_AMOUNT),
    "a refund below zero": Bad("post", REFUNDS, {"charge": "ch_1", "amount": -100}, ("amount",)),
    "a quantity below zero": Bad(
        "post", SESSIONS, paying(line_items=[{**LINE, "quantity": -1}]), ("line_items", "0", "quantity")
    ),
    "a page of 101": Bad("get", REFUNDS, {"limit": 101}, ("limit",)),
    "an upper-case currency": Bad(
        "post", SESSIONS, selling(currency="EUR"), ("line_items", "0", "price_data", "currency")
    ),
    "a currency by its sign": Bad("post", INTENTS, {"amount": 100, "currency": "€"}, ("currency",)),
    "a reference of 201 characters": Bad(
        "post", SESSIONS, paying(client_reference_id="x" * 201), ("client_reference_id",), (OPENAPI,)
    ),
    "an id of 5001 characters": Bad("post", REFUNDS, {"charge": "c" * 5001}, ("charge",), (OPENAPI,)),
    "a descriptor of 23 characters": Bad(
        "post",
        SESSIONS,
        paying(payment_intent_data={"statement_descriptor_suffix": "x" * 23}),
        ("payment_intent_data", "statement_descriptor_suffix"),
        (OPENAPI,),
    ),
    "an event misspelt": Bad(
        "post",
        "/v1/webhook_endpoints",
        {**ENDPOINT, "enabled_events": ["charge.refunded", "checkout.session.complete"]},
        ("enabled_events", "1"),
    ),
    "the old name of the hosted page": Bad("post", SESSIONS, paying(ui_mode="hosted"), ("ui_mode",)),
    "a mode that is none": Bad("post", SESSIONS, paying(mode="pay"), ("mode",)),
    "a bank check that Checkout lacks": Bad(
        "post",
        SESSIONS,
        paying(payment_method_options={"us_bank_account": {"verification_method": "microdeposits"}}),
        ("payment_method_options", "us_bank_account", "verification_method"),
    ),
    "a reason misspelt": Bad("post", REFUNDS, {"charge": "ch_1", "reason": "customer_request"}, ("reason",)),
    "a billing anchor as a word": Bad(
        "post", "/v1/subscriptions/sub_1", {"billing_cycle_anchor": "now"}, ("billing_cycle_anchor",)
    ),
    "51 keys of metadata": Bad(
        "post", REFUNDS, {"charge": "ch_1", "metadata": {str(n): "v" for n in range(51)}}, ("metadata",)
    ),
    "a key of 41 characters": Bad("post", REFUNDS, {"metadata": {"k" * 41: "v"}}, ("metadata", "k" * 41)),
    "a value of 501 characters": Bad(
        "post",
        SESSIONS,
        paying(payment_intent_data={"metadata": {"k": "v" * 501}}),
        ("payment_intent_data", "metadata", "k"),
    ),
    "a map in metadata": Bad("post", REFUNDS, {"metadata": {"k": {"a": "b"}}}, ("metadata", "k")),
    "a date in words": Bad("post", SESSIONS, paying(expires_at="2026-11-21T08:00:00Z"), ("expires_at",)),
    "yes for true": Bad("post", SESSIONS, paying(adaptive_pricing={"enabled": "yes"}), ("adaptive_pricing", "enabled")),
    "a map for a list": Bad("post", SESSIONS, paying(line_items=LINE), ("line_items",)),
    "a text for a map": Bad("post", SESSIONS, paying(payment_intent_data="x"), ("payment_intent_data",)),
    "an endpoint without address": Bad("post", "/v1/webhook_endpoints", {"enabled_events": ["*"]}, ("url",)),
    "a price without currency": Bad(
        "post",
        SESSIONS,
        paying(line_items=[{"quantity": 1, "price_data": {"unit_amount": 1}}]),
        ("line_items", "0", "price_data", "currency"),
    ),
    "an expansion that is none": Bad(
        "get", f"{INTENTS}/pi_1", {"expand": ["latest_charge.refund"]}, ("expand", "0"), (OPENAPI,)
    ),
    "an expansion of a plain field": Bad("get", INTENTS, {"expand": ["data.amount"]}, ("expand", "0"), (OPENAPI,)),
    "an expansion without its list": Bad("get", INTENTS, {"expand": ["customer"]}, ("expand", "0"), (OPENAPI,)),
    "encoded braces": Bad(
        "post",
        SESSIONS,
        paying(success_url="https://pay.example/?s=%7BCHECKOUT_SESSION_ID%7D"),
        ("success_url",),
    ),
    "an address without scheme": Bad("post", SESSIONS, paying(cancel_url="/invoices/inv_1"), ("cancel_url",)),
    "a name given twice": Bad("post", REFUNDS, "charge=ch_1&amount=1&amount=2", ("amount",)),
    "brackets that do not match": Bad("post", REFUNDS, "charge=ch_1&metadata[a=b", ("metadata[a",)),
    "parameters in the query of a post": Bad("post", f"{REFUNDS}?charge=ch_1", "", ("query",)),
    "a body with a get": Bad("get", REFUNDS, "limit=1", ("body",)),
    "a path that is none": Bad("post", "/v1/checkout/session", PAY, ("path",)),
    "a method that is none": Bad("delete", f"{REFUNDS}/re_1", {}, ("method",)),
    "an id that was None": Bad("get", "/v1/customers/None", {}, ("path",)),
    "a code without its kind": Bad("post", "/oauth/token", "code=ac_1", ("grant_type",)),
    "a kind of grant misspelt": Bad("post", "/oauth/token", "grant_type=code&code=ac_1", ("grant_type",)),
    "an unknown name in v2": Bad(
        "post",
        "/v2/core/account_links",
        {
            "account": "acct_1",
            "use_case": {"type": "account_onboarding", "account_onboarding": {**ONBOARDING, "configurations": ["x"]}},
        },
        ("use_case", "account_onboarding", "configurations"),
    ),
    "a use left out in v2": Bad("post", "/v2/core/account_links", {"account": "acct_1"}, ("use_case",)),
}
