"""The post office: sends waiting deliveries, in order or not, once or more often, or not at all."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection

from cornerspot.payments.standin.clock import wall_seconds
from cornerspot.payments.standin.delivering import (
    Deliver,
    Envelope,
    Outcome,
    envelope,
    finish,
    forged,
    record_try,
    waiting,
)
from cornerspot.payments.standin.state import Obj, World
from cornerspot.payments.standin.webhooks import current_secret

Order = str | Callable[[list[Obj]], list[Obj]]
Choice = bool | Collection[str] | Callable[[Obj], bool]


class PostOffice:
    """Delivers events. The receiver is called without the world's lock, so that it may call the API."""

    def __init__(self, world: World, lock: threading.RLock, deliver: Deliver) -> None:
        self.world, self.lock, self.deliver = world, lock, deliver
        self.timestamp: Callable[[], int] = wall_seconds
        self.sent: list[Envelope] = []
        self.keeps_sent = False
        self._sending = threading.local()
        self._tried = threading.Condition()

    def deliver_pending(
        self, *, order: Order = "sent", duplicate: int = 0, drop: Choice = False, only: Choice = True
    ) -> list[Outcome]:
        """Send every delivery whose time has come; returns what became of each.

        ``order``: ``sent``, ``reversed``, ``random`` or a function over the events' deliveries.
        ``duplicate``: how many times more each is sent. ``drop``: events that are lost for
        good. ``only``: the others keep waiting. Both take event types, or a function of the event.
        """
        if getattr(self._sending, "busy", False):
            return []  # The receiver has called the API from inside a delivery; the outer round sends the rest.
        self._sending.busy = True
        try:
            outcomes: list[Outcome] = []
            tried: set[str] = set()
            while chosen := self._chosen(order, only, tried):
                for delivery in chosen:
                    tried.add(delivery["id"])
                    if self._fits(drop, delivery):
                        self._finish(delivery, "dropped")
                    else:
                        outcomes += [self._send(delivery) for _ in range(1 + duplicate)]
            return outcomes
        finally:
            self._sending.busy = False

    def resend(self, event_id: str) -> list[Outcome]:
        """Send an event to its endpoints again, whatever became of it before."""
        with self.lock:
            _, event = self.world.find("event", event_id)
            deliveries = [self.world.deliveries[one] for one in event["_deliveries"]]
        return [self._send(delivery) for delivery in deliveries]

    def sealed(self, event_id: str) -> list[Envelope]:
        """The event as its endpoints would get it now, to be sent anywhere by hand."""
        with self.lock:
            _, event = self.world.find("event", event_id)
            deliveries = [self.world.deliveries[one] for one in event["_deliveries"]]
            letters = [envelope(self.world, delivery, self.timestamp()) for delivery in deliveries]
        return [letter for letter in letters if letter is not None]

    def forge(
        self, endpoint_id: str, content: Obj, *, secret: str | None = None, timestamp: int | None = None
    ) -> Envelope:
        """An event that never happened, for this endpoint: rightly signed, or with a wrong secret or an old time.

        ``content`` is laid over the event: its ``id``, ``type``, ``data``, ``account``.
        """
        with self.lock:
            _, endpoint = self.world.find("webhook_endpoint", endpoint_id)
            key = current_secret(endpoint) if secret is None else secret
        return forged(content, endpoint["url"], key, self.timestamp() if timestamp is None else timestamp)

    @property
    def pending(self) -> int:
        """How many deliveries wait, also for a later try."""
        with self.lock:
            return len(self.world.waiting)

    def wait_until_tried(self, delivery_ids: list[str], seconds: float) -> None:
        """Wait until each of these was tried once, at most so long."""
        with self._tried:
            self._tried.wait_for(lambda: all(self.world.deliveries[one]["tries"] for one in delivery_ids), seconds)

    def _chosen(self, order: Order, only: Choice, tried: set[str]) -> list[Obj]:
        with self.lock:
            found = [one for one in waiting(self.world) if one["id"] not in tried and self._fits(only, one)]
            if order == "reversed":
                found.reverse()
            elif order == "random":
                self.world.random.shuffle(found)
            elif callable(order):
                found = order(found)
            for one in found:
                one["state"] = "sending"
            return found

    def _finish(self, delivery: Obj, state: str) -> None:
        with self.lock:
            finish(self.world, delivery, state)

    def _fits(self, choice: Choice, delivery: Obj) -> bool:
        if isinstance(choice, bool):
            return choice
        event = self.world.accounts[delivery["account"]].table("event")[delivery["event"]]
        if callable(choice):
            return choice(event)
        return event["type"] in choice

    def _send(self, delivery: Obj) -> Outcome:
        with self.lock:
            sealed = envelope(self.world, delivery, self.timestamp())
            if sealed is None:
                finish(self.world, delivery, "failed")
                return Outcome(delivery["event"], "", "", None)
            if self.keeps_sent:
                self.sent.append(sealed)
        try:
            status: int | None = self.deliver(sealed.url, sealed.headers, sealed.body)
        except Exception:  # noqa: BLE001 - whatever keeps the receiver from answering is a failed delivery
            status = None
        with self.lock:
            record_try(self.world, delivery, status)
        with self._tried:
            self._tried.notify_all()
        return Outcome(sealed.event, sealed.type, sealed.url, status)
