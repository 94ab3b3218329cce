"""A stand-in of Stripe's API for connecting teams to, and the signatures of its webhooks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import stripe

from cornerspot.payments.standin import StandIn, create_standin
from cornerspot.payments.standin.transport import StandInTransport
from cornerspot.payments.stripe_calls import calls_through
from cornerspot.settings import Settings, current_settings, use_settings


@contextmanager
def stripe_at_hand(**how: Any) -> Iterator[StandIn]:
    """A stand-in that every call of the block goes to."""
    standin = create_standin(environment="test", **how)
    with calls_through(StandInTransport(standin)):
        yield standin


@contextmanager
def settings_with(**changed: Any) -> Iterator[Settings]:
    """The settings in use, with some of them changed, until the block ends."""
    before = current_settings()
    use_settings(replace(before, **changed))
    try:
        yield current_settings()
    finally:
        use_settings(before)


def event_body(kind: str = "payment_intent.succeeded", **changed: Any) -> bytes:
    """An event as Stripe would send it."""
    about = {"id": "pi_1", "object": "payment_intent", "metadata": {}}
    event = {
        "id": "evt_1",
        "object": "event",
        "type": kind,
        "created": 1_790_000_000,
        "livemode": False,
        "data": {"object": changed.pop("about", about)},
    } | changed
    return json.dumps(event).encode()


def signature_of(body: bytes, secret: str, *, at: int | None = None) -> str:
    """The header with which Stripe would send the body."""
    return str(stripe.WebhookSignature.generate_signature_header(body.decode(), secret, at))
