"""A till over a stand-in: one merchant, a client of the real SDK, and a frozen Monday morning."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import stripe

from cornerspot.payments.standin import StandIn, create_standin
from cornerspot.payments.standin.transport import client_of

MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
HOOK = "http://127.0.0.1:9/hooks/stripe/1"


class Till:
    """One merchant's account, ready to be paid."""

    def __init__(self, **standin: Any) -> None:
        self.received: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: Callable[[str], int] = lambda _: 200
        self.standin: StandIn = create_standin(**{"frozen_at": MONDAY, "seed": 3, "deliver": self.receive, **standin})
        self.account = self.standin.open_account()
        self.key = self.standin.make_key(self.account)
        self.client = client_of(self.standin, self.key)

    def receive(self, url: str, headers: dict[str, str], body: bytes) -> int:
        self.received.append((url, headers, body))
        return self.answers(url)

    @property
    def heard(self) -> list[str]:
        """The types of the events that arrived, in order."""
        return [json.loads(body)["type"] for _, _, body in self.received]

    def request(self, amount: int = 10_000, currency: str = "usd", **more: Any) -> dict[str, Any]:
        """The parameters of a session for one invoice."""
        price = {"currency": currency, "unit_amount": amount, "product_data": {"name": "Invoice INV-0007"}}
        return {
            "mode": "payment",
            "line_items": [{"quantity": 1, "price_data": price}],
            "success_url": "https://shop.test/back?session_id={CHECKOUT_SESSION_ID}",
            "cancel_url": "https://shop.test/invoice",
            "payment_intent_data": {"metadata": {"attempt": "a1"}},
            **more,
        }

    def session(self, amount: int = 10_000, currency: str = "usd", **more: Any) -> Any:
        """An open session."""
        return self.client.v1.checkout.sessions.create(self.request(amount, currency, **more))

    def paid(self, amount: int = 10_000, currency: str = "usd", card: str = "4242424242424242") -> Any:
        """The intent of a session that was paid by card."""
        session = self.session(amount, currency)
        self.standin.pay_with_card(session.id, card)
        return self.intent(session)

    def intent(self, session: Any) -> Any:
        """The intent of a session, read with its charge and fee."""
        fresh = self.client.v1.checkout.sessions.retrieve(session.id)
        expand = {"expand": ["latest_charge.balance_transaction"]}
        return self.client.v1.payment_intents.retrieve(fresh.payment_intent, expand)

    def listen(self, *events: str, **more: Any) -> Any:
        """A webhook endpoint, with its secret."""
        params = {"url": HOOK, "enabled_events": list(events) or ["*"], **more}
        return self.client.v1.webhook_endpoints.create(params)

    def happened(self) -> list[str]:
        """The types of all events on the account, oldest first."""
        return [event["type"] for event in self.standin.objects(self.account, "event")]

    def moved(self) -> Any:
        """The money of the one payment there is."""
        (only,) = self.standin.money_moved(self.account).values()
        return only


def refusal(call: Callable[[], object]) -> stripe.StripeError:
    """The error that a call ends in."""
    try:
        call()
    except stripe.StripeError as error:
        return error
    raise AssertionError("nothing was refused")
