"""Stories that take the stand-in through every operation, state and event that it has, seen by a witness."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import stripe

from cornerspot.payments.standin import create_standin
from cornerspot.payments.standin.faults import Fault
from cornerspot.payments.standin.transport import BASES, StandInTransport

RETURN = "https://pay.example/back"
BEGAN = datetime(2026, 11, 23, 9, tzinfo=UTC)  # A Monday.


class Witness(StandInTransport):
    """Keeps every question and answer."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.seen: list[tuple[str, str, int, Any]] = []

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **more: Any
    ) -> tuple[str, int, Mapping[str, str]]:
        answer = super().request(method, url, headers, post_data, **more)
        self.seen.append((method.upper(), urlsplit(url).path, answer[1], json.loads(answer[0])))
        return answer


class Scene:
    """A stand-in with a merchant, a platform and a connected account; all that is said and sent is kept."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.standin = create_standin(frozen_at=BEGAN, deliver=self.receive, delivery="immediate", seed=7)
        self.witness = Witness(self.standin)
        self.merchant = self.standin.open_account(name="Merchant")
        self.platform = self.standin.open_platform()
        self.own = self.client(self.standin.make_key(self.merchant))
        self.platform_client = self.client(self.standin.make_key(self.platform, restricted=False))

    def client(self, key: str, account: str | None = None) -> stripe.StripeClient:
        return stripe.StripeClient(
            key,
            client_id=self.platform.client_id,
            stripe_account=account,
            base_addresses=BASES,
            http_client=self.witness,
        )

    def receive(self, url: str, headers: dict[str, str], body: bytes) -> int:
        self.events.append(json.loads(body))
        return 200

    def refused(self, call: Callable[[], object]) -> stripe.StripeError:
        """The error that a call ends in."""
        try:
            call()
        except stripe.StripeError as error:
            return error
        raise AssertionError("The stand-in refused nothing.")

    def session(self, amount: int = 11900, currency: str = "usd", **more: Any) -> Any:
        """An open session for one invoice."""
        price = {"currency": currency, "unit_amount": amount, "product_data": {"name": "Invoice INV-0007"}}
        notes = {"invoice": "inv_1", "attempt": "att_1"}
        return self.own.v1.checkout.sessions.create(
            {
                "mode": "payment",
                "line_items": [{"quantity": 1, "price_data": price}],
                "client_reference_id": "att_1",
                "metadata": notes,
                "payment_intent_data": {"metadata": notes, "description": "INV-0007"},
                "success_url": f"{RETURN}?session_id={{CHECKOUT_SESSION_ID}}",
                "cancel_url": RETURN,
                **more,
            }
        )


def webhook_endpoints(scene: Scene) -> None:
    """Comes first, so that every event of the later stories is delivered."""
    endpoints = scene.own.v1.webhook_endpoints
    made = endpoints.create({"url": "http://127.0.0.1/hooks/1", "enabled_events": ["*"], "metadata": {"k": "v"}})
    other = endpoints.create({"url": "http://127.0.0.1/hooks/2", "enabled_events": ["charge.failed"]})
    endpoints.retrieve(made.id)
    endpoints.update(other.id, {"disabled": True})
    endpoints.list()
    endpoints.delete(other.id)
    scene.refused(lambda: endpoints.retrieve(other.id))
    scene.platform_client.v1.webhook_endpoints.create(
        {
            "url": "http://127.0.0.1/hooks/3",
            "enabled_events": ["*"],
            "connect": True,
            "api_version": "2026-10-28.endive",
        }
    )
    scene.platform_client.v1.webhook_endpoints.create({"url": "http://127.0.0.1/hooks/4", "enabled_events": ["*"]})


def accounts_and_oauth(scene: Scene) -> None:
    scene.own.v1.accounts.retrieve_current()
    shop = scene.standin.open_account(name="Shop", currency="eur", country="DE")
    code = scene.standin.grant_code(scene.platform, shop)
    oauth = scene.platform_client.oauth
    oauth.token({"grant_type": "authorization_code", "code": code})
    scene.platform_client.v1.accounts.retrieve(shop.id)
    scene.client(scene.standin.make_key(scene.platform), shop.id).v1.customers.create({"name": "Ada"})
    oauth.deauthorize({"stripe_user_id": shop.id})
    scene.refused(lambda: oauth.token({"grant_type": "authorization_code", "code": code}))
    scene.refused(lambda: oauth.deauthorize({"stripe_user_id": shop.id}))
    scene.refused(lambda: scene.platform_client.v1.accounts.retrieve(shop.id))
    scene.refused(scene.client("sk_test_unknown").v1.balance.retrieve)


def customers(scene: Scene) -> None:
    made = scene.own.v1.customers.create(
        {
            "name": "Ada",
            "email": "ada@acme.example",
            "address": {"line1": "1 Way", "country": "DE"},
            "metadata": {"k": "v"},
        }
    )
    scene.own.v1.customers.update(made.id, {"phone": "+43 1", "metadata": {"k": ""}})
    scene.own.v1.customers.retrieve(made.id)
    scene.own.v1.customers.list({"email": "ada@acme.example", "limit": 1})
    scene.own.v1.customers.delete(made.id)
    scene.refused(lambda: scene.own.v1.customers.update(made.id, {"name": "x"}))


def sessions(scene: Scene) -> None:
    customer = scene.own.v1.customers.create({"name": "Ada", "email": "ada@acme.example"})
    plain = scene.session()
    scene.own.v1.checkout.sessions.retrieve(plain.id, {"expand": ["line_items"]})
    scene.own.v1.checkout.sessions.line_items.list(plain.id)
    scene.own.v1.checkout.sessions.expire(plain.id)
    scene.refused(lambda: scene.own.v1.checkout.sessions.expire(plain.id))
    full = scene.session(
        customer=customer.id,
        allowed_payment_method_types=["card", "us_bank_account"],
        payment_method_options={
            "us_bank_account": {
                "verification_method": "instant",
                "financial_connections": {"permissions": ["payment_method"]},
            }
        },
        saved_payment_method_options={"payment_method_save": "enabled"},
        adaptive_pricing={"enabled": False},
        expires_at=int(BEGAN.timestamp()) + 3600,
        locale="de",
    )
    scene.own.v1.checkout.sessions.list({"customer": customer.id, "expand": ["data.line_items"]})
    scene.standin.advance(timedelta(hours=2))
    scene.own.v1.checkout.sessions.retrieve(full.id)
    scene.refused(lambda: scene.session(currency="usd", amount=1))


def card_payments(scene: Scene) -> None:
    sessions = scene.own.v1.checkout.sessions
    paid = scene.session()
    scene.standin.decline(paid.id)
    declined = sessions.retrieve(paid.id, {"expand": ["payment_intent.latest_charge"]}).payment_intent.id
    scene.own.v1.payment_intents.retrieve(declined, {"expand": ["latest_charge"]})
    scene.standin.pay_with_card(paid.id)
    whole = ["payment_intent.latest_charge.balance_transaction", "payment_intent.latest_charge.refunds", "line_items"]
    intent = sessions.retrieve(paid.id, {"expand": whole}).payment_intent.id
    scene.own.v1.payment_intents.update(intent, {"description": "INV-0008", "metadata": {"k": "v"}})
    scene.refused(lambda: scene.own.v1.payment_intents.cancel(intent))
    scene.own.v1.payment_intents.list({"expand": ["data.latest_charge.balance_transaction"]})
    charge = scene.own.v1.payment_intents.retrieve(intent).latest_charge
    scene.own.v1.charges.retrieve(charge, {"expand": ["balance_transaction", "payment_intent", "refunds"]})
    scene.own.v1.charges.list({"payment_intent": intent})
    careful = scene.session()
    scene.standin.pay_with_card(careful.id, "4000002500003155", authenticated=False)
    scene.standin.pay_with_card(careful.id, "4000002500003155")
    yen = scene.session(amount=5000, currency="jpy")
    scene.standin.pay_with_card(yen.id, "5555555555554444")


def late_fees_and_cancelling(scene: Scene) -> None:
    scene.standin.world.fee_delay_seconds = 3600
    paid_intent(scene)
    scene.standin.advance(timedelta(hours=2))
    small = scene.standin.pay_by_bank(scene.session().id, "microdeposits")["id"]
    scene.own.v1.payment_intents.cancel(small, {"cancellation_reason": "abandoned"})
    debit = scene.standin.pay_by_bank(scene.session().id)["id"]
    scene.refused(lambda: scene.own.v1.payment_intents.cancel(paid_intent(scene)))
    scene.own.v1.payment_intents.retrieve(debit)


def bank_payments(scene: Scene) -> None:
    retrieve = scene.own.v1.payment_intents.retrieve
    intents = [
        scene.standin.pay_by_bank(scene.session().id, bank)["id"]
        for bank in ("success", "insufficient_funds", "account_closed", "debit_not_authorized", "disputed")
    ]
    small = scene.standin.pay_by_bank(scene.session().id, "microdeposits")["id"]
    for intent in (*intents, small):
        retrieve(intent, {"expand": ["latest_charge"]})
    scene.standin.verify_microdeposits(small)
    scene.standin.advance_business_days(4)
    scene.standin.advance(timedelta(days=30))
    for intent in (*intents, small):
        retrieve(intent, {"expand": ["latest_charge.balance_transaction"]})
    for currency in ("eur", "gbp", "cad", "aud"):
        made = scene.standin.pay_by_bank(scene.session(currency=currency).id)["id"]
        retrieve(made, {"expand": ["latest_charge"]})
    scene.standin.advance_business_days(20)


def paid_intent(scene: Scene, amount: int = 11900) -> str:
    """A payment by card that succeeded."""
    intent = scene.standin.pay_with_card(scene.session(amount).id)
    assert intent is not None
    return str(intent["id"])


def refunds(scene: Scene) -> None:
    resource, intent = scene.own.v1.refunds, paid_intent(scene)
    part = resource.create(
        {"payment_intent": intent, "amount": 900, "reason": "duplicate", "metadata": {"refund": "r1"}}
    )
    resource.retrieve(part.id, {"expand": ["charge", "payment_intent", "balance_transaction"]})
    resource.update(part.id, {"metadata": {"refund": "r2"}})
    scene.standin.delay_refunds(5)
    held = scene.standin.dashboard_refund(intent, 100)["id"]
    resource.retrieve(held)
    scene.standin.fail_refund(held)
    resource.retrieve(held, {"expand": ["failure_balance_transaction"]})
    resource.list({"payment_intent": intent, "limit": 1})
    scene.refused(lambda: resource.create({"payment_intent": intent, "amount": 99_999_999}))
    resource.create({"payment_intent": intent})
    scene.refused(lambda: resource.create({"payment_intent": intent}))
    debit = scene.standin.pay_by_bank(scene.session().id)["id"]
    scene.standin.settle(debit)
    slow = resource.create({"payment_intent": debit})
    scene.standin.settle_refund(slow.id)


def disputes(scene: Scene) -> None:
    resource = scene.own.v1.disputes
    lost, won, closed, conceded = (paid_intent(scene) for _ in range(4))
    for intent, is_won in ((lost, False), (won, True)):
        dispute = scene.standin.open_dispute(intent)["id"]
        scene.standin.review_dispute(dispute)
        resource.retrieve(dispute, {"expand": ["charge", "payment_intent"]})
        scene.standin.close_dispute(dispute, won=is_won)
        resource.retrieve(dispute)
    inquiry = scene.standin.open_dispute(closed, inquiry=True)["id"]
    resource.retrieve(inquiry)
    scene.standin.withdraw_dispute(inquiry)
    resource.list({"payment_intent": closed})
    resource.close(scene.standin.open_dispute(conceded, reason="product_not_received", amount=500)["id"])
    scene.own.v1.charges.list({"payment_intent": won})
    scene.refused(lambda: scene.own.v1.refunds.create({"payment_intent": lost}))


def balance(scene: Scene) -> None:
    paid_intent(scene)
    scene.own.v1.balance.retrieve()
    scene.standin.advance(timedelta(days=3))
    scene.standin.pay_out(scene.merchant)
    payout = scene.own.v1.payouts.list({"expand": ["data.balance_transaction"]}).data[0]
    scene.own.v1.payouts.retrieve(payout.id)
    scene.standin.restrict(scene.merchant)
    scene.standin.restrict(scene.merchant, charges_enabled=True)
    rows = scene.own.v1.balance_transactions.list({"limit": 100, "expand": ["data.source"]})
    for row in rows.data:
        scene.own.v1.balance_transactions.retrieve(row.id)


def events(scene: Scene) -> None:
    paid_intent(scene)
    found = scene.own.v1.events.list({"types": ["charge.succeeded"], "created": {"gte": 1}, "limit": 100})
    scene.own.v1.events.retrieve(found.data[0].id)
    scene.own.v1.events.list({"delivery_success": False})
    scene.standin.duplicate_event(found.data[0].id)


def catalog(scene: Scene) -> Any:
    product = scene.own.v1.products.create({"name": "Pro", "metadata": {"plan": "pro"}})
    scene.own.v1.products.update(product.id, {"description": "All of it"})
    scene.own.v1.products.retrieve(product.id)
    scene.own.v1.products.list({"active": True})
    price = scene.own.v1.prices.create(
        {
            "product": product.id,
            "currency": "usd",
            "unit_amount": 2900,
            "recurring": {"interval": "month"},
            "lookup_key": "pro",
        }
    )
    scene.own.v1.prices.update(price.id, {"nickname": "Monthly"})
    scene.own.v1.prices.retrieve(price.id, {"expand": ["product"]})
    scene.own.v1.prices.list({"lookup_keys": ["pro"], "expand": ["data.product"]})
    scene.own.v1.prices.create({"product": product.id, "currency": "usd", "unit_amount": 100})
    return price


def subscriptions(scene: Scene) -> None:
    resource = scene.own.v1.subscriptions
    customer = scene.own.v1.customers.create({"name": "Ada", "email": "ada@acme.example"})
    price = scene.own.v1.prices.create(
        {
            "product_data": {"name": "Team"},
            "currency": "usd",
            "unit_amount": 2900,
            "recurring": {"interval": "month"},
        }
    )
    made = []
    for data in ({"metadata": {"team": "acme"}}, {"metadata": {"team": "acme"}, "trial_period_days": 14}):
        session = scene.own.v1.checkout.sessions.create(
            {
                "mode": "subscription",
                "customer": customer.id,
                "line_items": [{"price": price.id, "quantity": 3}],
                "subscription_data": data,
                "success_url": RETURN,
            }
        )
        scene.standin.pay_with_card(session.id)
        made.append(scene.own.v1.checkout.sessions.retrieve(session.id, {"expand": ["subscription"]}).subscription.id)
    first, trial = made
    resource.retrieve(first, {"expand": ["latest_invoice", "customer", "default_payment_method"]})
    resource.list({"customer": customer.id, "status": "all"})
    scene.own.v1.invoices.list({"subscription": first})
    invoice = resource.retrieve(first).latest_invoice
    scene.own.v1.invoices.retrieve(invoice)
    scene.standin.advance(timedelta(days=20))
    scene.standin.put_card(trial, "4000000000000341")
    scene.standin.advance(timedelta(days=40))
    resource.retrieve(trial)
    item = resource.retrieve(first)["items"].data[0].id
    resource.update(first, {"items": [{"id": item, "quantity": 5}], "proration_behavior": "none"})
    resource.update(first, {"cancel_at_period_end": True})
    resource.cancel(first)


def portal(scene: Scene) -> None:
    price = catalog(scene)
    customer = scene.own.v1.customers.create({"name": "Ada"})
    configurations = scene.own.v1.billing_portal.configurations
    made = configurations.create(
        {
            "features": {
                "invoice_history": {"enabled": True},
                "payment_method_update": {"enabled": True},
                "subscription_cancel": {
                    "enabled": True,
                    "mode": "at_period_end",
                    "cancellation_reason": {"enabled": True, "options": ["too_expensive"]},
                },
                "subscription_update": {
                    "enabled": True,
                    "default_allowed_updates": ["price", "quantity"],
                    "products": [{"product": price.product, "prices": [price.id]}],
                },
                "customer_update": {"enabled": True, "allowed_updates": ["email", "address"]},
            },
            "business_profile": {"headline": "Your plan"},
            "default_return_url": RETURN,
        }
    )
    configurations.update(made.id, {"active": True, "metadata": {"k": "v"}})
    configurations.retrieve(made.id)
    configurations.list()
    sessions = scene.own.v1.billing_portal.sessions
    sessions.create({"customer": customer.id, "return_url": RETURN, "configuration": made.id})
    sessions.create({"customer": customer.id, "return_url": RETURN})


def faults(scene: Scene) -> None:
    for kind in (Fault.CONFLICT_409, Fault.RATE_LIMIT_429, Fault.SERVER_ERROR_500, Fault.UNAVAILABLE_503):
        scene.standin.faults.next("GET /v1/balance", kind)
        scene.refused(scene.own.v1.balance.retrieve)
    keyed = {"idempotency_key": "once"}
    scene.own.v1.customers.create({"name": "Ada"}, keyed)
    scene.refused(lambda: scene.own.v1.customers.create({"name": "Eve"}, keyed))


STORIES = (
    webhook_endpoints,
    accounts_and_oauth,
    customers,
    sessions,
    card_payments,
    bank_payments,
    late_fees_and_cancelling,
    refunds,
    disputes,
    balance,
    events,
    catalog,
    subscriptions,
    portal,
    faults,
)
