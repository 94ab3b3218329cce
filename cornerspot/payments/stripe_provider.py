"""PaymentProvider by Stripe's API: the requests it takes; ``stripe_reading`` has the answers.

One adapter for both ways of connecting: with the team's own restricted key, and with the
platform's key on behalf of the connected account.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import stripe

from cornerspot.kit.money import Money
from cornerspot.kit.sealing import unseal
from cornerspot.payments.models import ProcessorAccount
from cornerspot.payments.provider import (
    AccountSnapshot,
    CheckoutSnapshot,
    Endpoint,
    EventRecord,
    PaymentProvider,
    PaymentSnapshot,
    ProviderGone,
    ProviderRefused,
    RefundSnapshot,
)
from cornerspot.payments.stripe_amounts import from_stripe, to_stripe
from cornerspot.payments.stripe_calls import API_VERSION, KEY_REVOKED, failures_told_apart, stripe_client
from cornerspot.payments.stripe_checkout import checkout_request
from cornerspot.payments.stripe_events import EVENTS, EVENTS_AT_ONCE
from cornerspot.payments.stripe_reading import (
    REFERENCE,
    Obj,
    account_from,
    checkout_from,
    event_from,
    moment,
    payment_from,
    refund_from,
)
from cornerspot.settings import current_settings

__all__ = ["StripeProvider", "checkout_request", "provider_for", "provider_for_key"]

PAGE = 100
WHOLE_PAYMENT: Any = {"expand": ["latest_charge.balance_transaction"]}


def provider_for(account: ProcessorAccount) -> PaymentProvider:
    """The adapter of a team's connection; raises ProviderGone when there is no key to call with."""
    settings = current_settings()
    if account.kind == "oauth":
        if not settings.stripe_key or account.state == "disconnected":
            raise ProviderGone("This Stripe account is no longer connected.", code=KEY_REVOKED)
        client = stripe_client(settings.stripe_key, account_id=account.stripe_account_id)
        return StripeProvider(client, livemode=account.livemode, connected_id=account.stripe_account_id)
    if account.sealed_key is None:
        raise ProviderGone("This Stripe account is no longer connected.", code=KEY_REVOKED)
    return provider_for_key(unseal(account.sealed_key, key=settings.secret_key))


def provider_for_key(key: str) -> StripeProvider:
    """The adapter for a key of the team's own."""
    return StripeProvider(stripe_client(key), livemode="_live_" in key)


class StripeProvider:
    """PaymentProvider for one Stripe account; ``connected_id`` when the platform calls for it."""

    def __init__(self, client: stripe.StripeClient, *, livemode: bool, connected_id: str | None = None) -> None:
        self._v1 = client.v1
        self._livemode, self._connected_id = livemode, connected_id

    def read_account(self) -> AccountSnapshot:
        with self._calling():
            return account_from(_plain(self._v1.accounts.retrieve_current()), livemode=self._livemode)

    def create_endpoint(self, url: str, *, key: str) -> Endpoint:
        params: Any = {"url": url, "enabled_events": list(EVENTS), "api_version": API_VERSION}
        with self._calling():
            made = _plain(self._v1.webhook_endpoints.create(params, {"idempotency_key": key}))
            return Endpoint(id=made["id"], secret=made["secret"])

    def delete_endpoint(self, endpoint_id: str) -> None:
        with self._calling():
            self._v1.webhook_endpoints.delete(endpoint_id)

    def create_customer(self, *, name: str, email: str, metadata: Mapping[str, str], key: str) -> str:
        params: Any = {"name": name[:256], "metadata": dict(metadata)}
        if email:
            params["email"] = email
        with self._calling():
            made = _plain(self._v1.customers.create(params, {"idempotency_key": key}))
            return str(made["id"])

    def create_checkout(self, request: Mapping[str, Any], *, key: str) -> CheckoutSnapshot:
        params: Any = dict(request)
        with self._calling():
            return checkout_from(_plain(self._v1.checkout.sessions.create(params, {"idempotency_key": key})))

    def read_checkout(self, checkout_id: str) -> CheckoutSnapshot:
        with self._calling():
            return checkout_from(_plain(self._v1.checkout.sessions.retrieve(checkout_id)))

    def expire_checkout(self, checkout_id: str) -> CheckoutSnapshot:
        try:
            with self._calling():
                return checkout_from(_plain(self._v1.checkout.sessions.expire(checkout_id)))
        except ProviderRefused:
            found = self.read_checkout(checkout_id)  # The payer was quicker, or it had expired before.
            if found.status == "open":
                raise
            return found

    def find_checkouts(self, *, customer_id: str, since: datetime) -> Sequence[CheckoutSnapshot]:
        filters = {"customer": customer_id, "created": _from(since)}
        return [checkout_from(found) for found in self._all(self._v1.checkout.sessions.list, filters)]

    def read_payment(self, payment_id: str) -> PaymentSnapshot:
        with self._calling():
            intent = _plain(self._v1.payment_intents.retrieve(payment_id, WHOLE_PAYMENT))
            return self._whole(intent)

    def create_refund(
        self, payment_id: str, amount: Money, *, reference: str, metadata: Mapping[str, str], key: str
    ) -> RefundSnapshot:
        params: Any = {
            "payment_intent": payment_id,
            "amount": to_stripe(amount),
            "metadata": {**metadata, REFERENCE: reference},
        }
        with self._calling():
            return refund_from(_plain(self._v1.refunds.create(params, {"idempotency_key": key})))

    def payment_of_charge(self, charge_id: str) -> str | None:
        if charge_id.startswith("pi_"):
            return charge_id
        read: Callable[[str], Any] = self._v1.charges.retrieve
        if charge_id.startswith(("re_", "pyr_")):
            read = self._v1.refunds.retrieve
        elif charge_id.startswith(("du_", "dp_", "pdp_")):
            read = self._v1.disputes.retrieve
        try:
            with self._calling():
                payment = _plain(read(charge_id)).get("payment_intent")
        except ProviderRefused as refusal:
            if refusal.code == "resource_missing":
                return None
            raise
        return payment["id"] if isinstance(payment, Mapping) else payment

    def events(self, *, since: datetime) -> Iterator[EventRecord]:
        for first in range(0, len(EVENTS), EVENTS_AT_ONCE):
            types = list(EVENTS[first : first + EVENTS_AT_ONCE])
            for event in self._all(self._v1.events.list, {"types": types, "created": _from(since)}):
                yield event_from(event)

    def payments(self, *, since: datetime) -> Iterator[PaymentSnapshot]:
        filters = {"created": _from(since), "expand": ["data.latest_charge.balance_transaction"]}
        for intent in self._all(self._v1.payment_intents.list, filters):
            if is_ours(intent.get("metadata")):
                yield self._whole(intent)

    def balance_movements(self, *, since: datetime) -> Iterator[tuple[str, str, Money, datetime]]:
        for booked in self._all(self._v1.balance_transactions.list, {"created": _from(since)}):
            source = booked.get("source")
            source_id = source["id"] if isinstance(source, Mapping) else source or ""
            with self._calling():
                amount = from_stripe(booked["amount"], booked["currency"])
            yield booked["type"], source_id, amount, moment(booked["created"])

    def missing_permissions(self) -> tuple[str, ...]:
        """What a restricted key may not even read, in Stripe's names for it; whoever may write may read."""
        missing = []
        for name, listing in self._probes():
            try:
                with self._calling():
                    listing({"limit": 1})
            except ProviderRefused:
                missing.append(name)
        return tuple(missing)

    def _probes(self) -> tuple[tuple[str, Callable[..., Any]], ...]:
        return (
            ("Checkout Sessions", self._v1.checkout.sessions.list),
            ("PaymentIntents", self._v1.payment_intents.list),
            ("Charges and Refunds", self._v1.refunds.list),
            ("Customers", self._v1.customers.list),
            ("Disputes", self._v1.disputes.list),
            ("Events", self._v1.events.list),
            ("Balance", self._v1.balance_transactions.list),
            ("Webhook Endpoints", self._v1.webhook_endpoints.list),
        )

    def leave(self) -> None:
        if self._connected_id is None:
            return
        settings = current_settings()
        # The platform asks in its own name: this one call must not name the account it speaks of.
        platform = stripe_client(settings.stripe_key, client_id=settings.stripe_client_id)
        with self._calling():
            platform.oauth.deauthorize({"stripe_user_id": self._connected_id})

    def _whole(self, intent: Obj) -> PaymentSnapshot:
        """The payment with its refunds and disputes; it has none before there is a charge."""
        of_payment = {"payment_intent": intent["id"]}
        has_charge = intent.get("latest_charge") is not None
        refunds = list(self._all(self._v1.refunds.list, of_payment)) if has_charge else []
        disputes = list(self._all(self._v1.disputes.list, of_payment)) if has_charge else []
        with self._calling():
            return payment_from(intent, refunds, disputes)

    def _all(self, listing: Callable[..., Any], filters: Mapping[str, Any]) -> Iterator[Obj]:
        """Every object of a list, page by page."""
        with self._calling():
            page = listing({**filters, "limit": PAGE})
            found = iter(page.auto_paging_iter())
        while True:
            with self._calling():
                item = next(found, None)
                if item is None:
                    return
                plain = _plain(item)
            yield plain

    def _calling(self) -> Any:
        return failures_told_apart(is_connected=self._connected_id is not None)


def is_ours(metadata: Any) -> bool:
    """Whether an object at Stripe says that we made it."""
    return isinstance(metadata, Mapping) and bool(metadata.get("attempt"))


def _plain(answer: Any) -> dict[str, Any]:
    """The answer as a map of plain values: the SDK's objects are no maps, and raise for what is absent."""
    plain: dict[str, Any] = answer.to_dict(for_json=True)
    return plain


def _from(since: datetime) -> dict[str, int]:
    return {"gte": int(since.timestamp())}
