"""Delivering events: signed, to one endpoint at a time, tried again for three days."""

from __future__ import annotations

import hashlib
import hmac
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from cornerspot.payments.standin.rendering import shown
from cornerspot.payments.standin.state import API_VERSION, Obj, World

Deliver = Callable[[str, dict[str, str], bytes], int]
SUCCESS = range(200, 300)
GIVE_UP_SECONDS = 3 * 24 * 3600
RETRY_SECONDS = (300, 1800, 2 * 3600, 5 * 3600, 10 * 3600, 12 * 3600)
ANSWER_WITHIN_SECONDS = 10
LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))


@dataclass(frozen=True)
class Outcome:
    """What became of one delivery; ``status`` None means nobody answered, or it was withheld."""

    event: str
    type: str
    url: str
    status: int | None

    @property
    def ok(self) -> bool:
        return self.status is not None and self.status in SUCCESS


@dataclass(frozen=True)
class Envelope:
    """A delivery as it goes over the wire."""

    event: str
    type: str
    url: str
    headers: dict[str, str]
    body: bytes


def signature(body: bytes, secrets: list[str], timestamp: int) -> str:
    """The ``Stripe-Signature`` header: one ``v1`` for each secret that is valid."""
    signed = f"{timestamp}.".encode() + body
    entries = [f"v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}" for secret in secrets]
    return ",".join([f"t={timestamp}", *entries])


def envelope(world: World, delivery: Obj, timestamp: int) -> Envelope | None:
    """The delivery, signed now; None when its endpoint is gone or switched off."""
    account = world.accounts[delivery["account"]]
    event = account.table("event")[delivery["event"]]
    endpoint = world.accounts[delivery["endpoint_account"]].table("webhook_endpoint").get(delivery["endpoint"])
    if endpoint is None or endpoint["status"] != "enabled":
        return None
    content = shown(account, event)
    content["api_version"] = endpoint["api_version"] or content["api_version"]
    if endpoint["_connect"]:
        content["account"] = account.id
    body = json.dumps(content, indent=2).encode()
    valid = [one["secret"] for one in endpoint["_secrets"] if one["until"] is None or one["until"] > world.now()]
    return Envelope(event["id"], event["type"], endpoint["url"], _headers(body, valid, timestamp), body)


def _headers(body: bytes, secrets: list[str], timestamp: int) -> dict[str, str]:
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Stripe/1.0 (+stand-in)",
        "Stripe-Signature": signature(body, secrets, timestamp),
    }


def record_try(world: World, delivery: Obj, status: int | None) -> None:
    """The delivery is done, waits for its next try, or is given up after three days."""
    now = world.now()
    delivery["tries"] += 1
    delivery["status"] = status
    delivery["first_at"] = delivery["first_at"] or now
    if delivery["state"] == "delivered":
        return
    if status is not None and status in SUCCESS:
        finish(world, delivery, "delivered")
        event = world.accounts[delivery["account"]].table("event")[delivery["event"]]
        event["pending_webhooks"] = max(0, event["pending_webhooks"] - 1)
    else:
        wait = RETRY_SECONDS[min(delivery["tries"], len(RETRY_SECONDS)) - 1]
        delivery.update(state="waiting", due_at=now + wait)
        if delivery["due_at"] > delivery["first_at"] + GIVE_UP_SECONDS:
            finish(world, delivery, "failed")


def waiting(world: World) -> list[Obj]:
    """Deliveries whose time has come, in the order they were queued."""
    now = world.now()
    known = (world.deliveries[one] for one in world.waiting)
    return [one for one in known if one["state"] == "waiting" and one["due_at"] <= now]


def finish(world: World, delivery: Obj, state: str) -> None:
    """The delivery is ``delivered``, ``failed`` or ``dropped``, for good."""
    delivery["state"] = state
    world.waiting.pop(delivery["id"], None)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is a failed delivery, as it is for Stripe."""

    def redirect_request(self, *_: Any) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))


def deliver_over_loopback(url: str, headers: dict[str, str], body: bytes) -> int:
    """POST to an address on this machine and return the status; anywhere else is refused with OSError."""
    host = urlsplit(url).hostname or ""
    if host not in LOOPBACK and not host.endswith(".localhost"):
        raise OSError(f"The stand-in delivers on this machine only, not to {host}.")
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")  # noqa: S310 - loopback, see above
    try:
        with _opener.open(request, timeout=ANSWER_WITHIN_SECONDS) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        with refused:
            return int(refused.code)


def forged(content: Obj, url: str, secret: str, timestamp: int) -> Envelope:
    """A delivery that Stripe never sent: an event with this content, signed with this secret."""
    event: Obj = {"id": "evt_forged", "object": "event", "type": "payment_intent.succeeded", "livemode": False}
    event.update({"api_version": API_VERSION, "created": timestamp, "pending_webhooks": 1, "data": {"object": {}}})
    event.update({"request": {"id": None, "idempotency_key": None}}, **content)
    body = json.dumps(event).encode()
    return Envelope(event["id"], event["type"], url, _headers(body, [secret], timestamp), body)
