"""Stripe Connect: sending an owner to Stripe's consent page, and taking what they come back with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cornerspot.payments.provider import PaymentProvider
from cornerspot.payments.stripe_calls import failures_told_apart, stripe_client
from cornerspot.payments.stripe_provider import StripeProvider
from cornerspot.settings import current_settings


@dataclass(frozen=True)
class Consent:
    """What an owner agreed to: the platform may act on this account."""

    stripe_account_id: str
    livemode: bool


def can_connect() -> bool:
    """Whether this installation is a platform of Stripe Connect."""
    settings = current_settings()
    return bool(settings.stripe_key and settings.stripe_client_id)


def consent_url(*, state: str, return_to: str) -> str:
    """Stripe's page on which an owner agrees; they come back to ``return_to`` with the state and a code."""
    params: Any = {"scope": "read_write", "state": state, "redirect_uri": return_to, "response_type": "code"}
    return _platform().oauth.authorize_url(params)


def exchange_code(code: str) -> Consent:
    """The account behind the code. Ask once: a second time ends the connection, so nothing is retried.

    Raises ProviderError.
    """
    with failures_told_apart():
        answer = _platform(retries=0).oauth.token(
            {"grant_type": "authorization_code", "code": code}, {"max_network_retries": 0}
        )
        given: dict[str, Any] = answer.to_dict(for_json=True)
        return Consent(stripe_account_id=given["stripe_user_id"], livemode=bool(given["livemode"]))


def provider_for_connected(consent: Consent) -> PaymentProvider:
    """The adapter of an account that was just connected."""
    client = stripe_client(current_settings().stripe_key, account_id=consent.stripe_account_id)
    return StripeProvider(client, livemode=consent.livemode, connected_id=consent.stripe_account_id)


def _platform(*, retries: int | None = None) -> Any:
    settings = current_settings()
    return stripe_client(settings.stripe_key, client_id=settings.stripe_client_id, retries=retries)
