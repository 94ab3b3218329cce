"""Webhooks of Stripe: is it theirs, and what is it about. Nothing in it is believed beyond that."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import stripe

from cornerspot.payments.stripe_reading import moment

TOLERANCE_SECONDS = 300


class NotFromStripe(Exception):
    """The body was not signed with any of the secrets, or not lately, or is no event."""


@dataclass(frozen=True)
class SignedEvent:
    """What a verified webhook says of itself; ``account`` is the connected account's, "" for one's own."""

    id: str
    type: str
    livemode: bool
    account: str
    happened_at: datetime
    about: EventObject


@dataclass(frozen=True)
class EventObject:
    """The object that an event carries. ``kind`` is Stripe's word; what else it names may be missing.

    ``payment_id`` and ``charge_id`` are what it belongs to, or its own id when it is one.
    """

    kind: str
    id: str
    payment_id: str = ""
    charge_id: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    reference: str = ""  # a payment page's: our attempt


def read_signed(body: bytes, signature: str | None, secrets: Iterable[str]) -> SignedEvent:
    """The event, signed with one of the secrets within five minutes of now; raises NotFromStripe."""
    for secret in secrets:
        # ValueError: bytes that are not UTF-8 are looked at before the signature is.
        with suppress(stripe.SignatureVerificationError, ValueError, AttributeError, RecursionError):
            stripe.WebhookSignature.verify_header(body, signature, secret, TOLERANCE_SECONDS)
            _require_not_ahead(signature or "")
            return event_of(json.loads(body))
    raise NotFromStripe


def event_of(event: Any) -> SignedEvent:
    """What an event says of itself; raises NotFromStripe for anything that is none of the kind we ask for."""
    try:
        if event["object"] != "event":
            raise NotFromStripe
        about = event["data"]["object"]
        return SignedEvent(
            id=_text(event["id"]),
            type=_text(event["type"]),
            livemode=bool(event["livemode"]),
            account=_text(event.get("account") or ""),
            happened_at=moment(int(event["created"])),
            about=object_of(about),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise NotFromStripe from error


def object_of(about: Mapping[str, Any]) -> EventObject:
    """What an event is about, by the kind of its object and not by the event's name."""
    kind, own_id = _text(about.get("object") or ""), _text(about.get("id") or "")
    metadata = about.get("metadata")
    return EventObject(
        kind=kind,
        id=own_id,
        payment_id=own_id if kind == "payment_intent" else _id(about.get("payment_intent")),
        charge_id=own_id if kind == "charge" else _id(about.get("charge")),
        metadata={str(key): str(value) for key, value in metadata.items()} if isinstance(metadata, Mapping) else {},
        reference=_text(about.get("client_reference_id") or ""),
    )


def _require_not_ahead(signature: str) -> None:
    """Refuse a time to come, which the SDK lets pass: such a signature could be used again for ever."""
    stamps = [part.partition("=")[2] for part in signature.split(",") if part.partition("=")[0] == "t"]
    if int(stamps[0]) > time.time() + TOLERANCE_SECONDS:  # Stripe's clock is the real one, whatever ours is set to.
        raise ValueError("signed in the future")


def _id(reference: Any) -> str:
    """The id of an object that Stripe gave whole, by its id alone, or not at all."""
    return _text(reference.get("id") or "") if isinstance(reference, Mapping) else _text(reference or "")


def _text(value: Any) -> str:
    """A word of Stripe's; raises ValueError for what no id or type of theirs looks like."""
    if not isinstance(value, str) or len(value) > 255 or not (value.isascii() and value.isprintable()):
        raise ValueError("not a word of Stripe's")
    return value
