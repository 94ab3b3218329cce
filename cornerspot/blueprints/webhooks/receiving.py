"""What every webhook goes through before it is believed to be one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import structlog
from flask import Response, request

from cornerspot.payments.stripe_webhooks import NotFromStripe, SignedEvent, read_signed

LARGEST_BODY = 1024 * 1024
log = structlog.get_logger("cornerspot.webhooks")


def raw_body() -> bytes:
    """The bytes as they came, which is what was signed; answers 413 beyond a megabyte."""
    request.max_content_length = LARGEST_BODY
    return request.get_data(cache=False)


def signed_event(body: bytes, secrets: Iterable[str]) -> SignedEvent | None:
    """The event, or None for what Stripe did not send; which endpoint and which body is in the log, no secret is."""
    try:
        return read_signed(body, request.headers.get("Stripe-Signature"), secrets)
    except NotFromStripe:
        log.warning("webhook_refused", path=request.path, body_sha256=hashlib.sha256(body).hexdigest())
        return None


def answer(status: int) -> Response:
    """An answer without words: nobody reads it."""
    return Response(status=status)
