"""How Stripe is called: a client per connection, with time-outs and retries, and one reading of what failed.

The global key of the SDK is never set: it would be one key for every team of the process.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import stripe
from stripe.oauth_error import OAuthError

from cornerspot.kit.currency import UnknownCurrency
from cornerspot.payments.provider import (
    ProviderBusy,
    ProviderError,
    ProviderGone,
    ProviderRefused,
    ProviderUnsure,
)
from cornerspot.payments.stripe_amounts import NotPayableOnline
from cornerspot.settings import current_settings

API_VERSION = "2026-10-28.endive"  # what this SDK is made for, and what our endpoints ask for
CONNECT_SECONDS, READ_SECONDS = 5, 25
HURRIED_SECONDS = 3
RETRIES = 2
MISSING_PERMISSION, KEY_REVOKED, ACCOUNT_LEFT = "missing_permission", "key_revoked", "account_left"

stripe.enable_telemetry = False
logging.getLogger("stripe").setLevel(logging.WARNING)  # Below that it writes the bodies of requests.

_through: list[stripe.HTTPClient] = []


def stripe_client(
    key: str,
    *,
    account_id: str | None = None,
    client_id: str | None = None,
    retries: int | None = None,
    hurried: bool = False,
) -> stripe.StripeClient:
    """A client with this key, for the key's own account or for the connected one that is named.

    ``hurried`` waits a few seconds at most, for a page that can do without the answer.
    """
    base = current_settings().stripe_base
    # An address left out would be Stripe's own, and a test would reach the real one.
    addresses: Any = {"api": base, "connect": base, "files": base, "meter_events": base} if base else {}
    return stripe.StripeClient(
        key,
        stripe_account=account_id,
        stripe_version=API_VERSION,
        base_addresses=addresses,
        client_id=client_id,
        max_network_retries=RETRIES if retries is None else retries,
        http_client=_through[-1]
        if _through
        else _http_client(os.getpid(), HURRIED_SECONDS if hurried else READ_SECONDS),
    )


@contextmanager
def calls_through(http_client: stripe.HTTPClient) -> Iterator[None]:
    """Every call in the block, of every thread, goes through this client: for tests and the stand-in."""
    _through.append(http_client)
    try:
        yield
    finally:
        _through.remove(http_client)


@contextmanager
def failures_told_apart(*, is_connected: bool = False) -> Iterator[None]:
    """Failures of a call in the block come out as ProviderError; ``is_connected`` for a platform's call."""
    try:
        yield
    except stripe.StripeError as error:
        raise failure_of(error, is_connected=is_connected) from error
    except (KeyError, TypeError, AttributeError, IndexError, NotPayableOnline, UnknownCurrency) as error:
        # The request may well have been carried out; only its answer makes no sense to us.
        raise ProviderUnsure(f"Stripe's answer could not be read ({error!r}).", code="unreadable_answer") from error


def failure_of(error: stripe.StripeError, *, is_connected: bool = False) -> ProviderError:
    """What a failed call means: definite, unknown, later, or the end of the connection."""
    code, message = _code_of(error), error.user_message or "Stripe gave no reason."
    if isinstance(error, OAuthError):
        return ProviderRefused(message, code=code or "oauth")
    if isinstance(error, stripe.RateLimitError):
        return ProviderBusy(message, code=code or "rate_limit")
    if isinstance(error, stripe.AuthenticationError):
        return ProviderGone(message, code=code or KEY_REVOKED)
    if isinstance(error, stripe.PermissionError):
        if is_connected or code == "account_invalid":
            return ProviderGone(message, code=code or ACCOUNT_LEFT)
        return ProviderRefused(message, code=code or MISSING_PERMISSION)
    if isinstance(error, stripe.APIConnectionError):
        return ProviderUnsure(message, code="no_answer")
    status = error.http_status or 0
    if status >= 500:
        return ProviderUnsure(message, code=f"status_{status}")
    if 400 <= status < 500 and status != 409:
        return ProviderRefused(message, code=code)
    return ProviderUnsure(message, code=code or f"status_{status}")


@lru_cache(maxsize=2)
def _http_client(process: int, seconds: int) -> stripe.HTTPClient:  # noqa: ARG001 - made anew after a fork
    """The connections of this process, one per thread, kept across teams."""
    return stripe.RequestsClient(timeout=(min(CONNECT_SECONDS, seconds), seconds))


def _code_of(error: stripe.StripeError) -> str:
    """Stripe's word for the failure, which the SDK fills in for two kinds of errors only."""
    if error.code:
        return str(error.code)
    body = error.json_body
    if not isinstance(body, dict) and error.http_body:
        try:
            body = json.loads(error.http_body)
        except ValueError:
            return ""
    inner = body.get("error") if isinstance(body, dict) else None
    if isinstance(inner, str):
        return inner
    return str(inner.get("code") or "") if isinstance(inner, dict) else ""
