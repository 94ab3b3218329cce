"""Events: one for everything that happens, with the object as it was at that moment."""

from __future__ import annotations

from cornerspot.payments.standin.calls import Call, operation
from cornerspot.payments.standin.errors import invalid
from cornerspot.payments.standin.rendering import in_range, page_of, shown
from cornerspot.payments.standin.state import Account, Obj, World
from cornerspot.payments.standin.tables import EVENTS, ONLY_EXPAND

KEPT_SECONDS = 30 * 24 * 3600
NO_REQUEST: Obj = {"id": None, "idempotency_key": None}


def emit(
    world: World, account: Account, kind: str, obj: Obj, *, before: Obj | None = None, request: Obj | None = None
) -> Obj:
    """An event has happened on the account; every endpoint that asked for it has a delivery waiting."""
    from cornerspot.payments.standin.webhooks import queue_event

    event: Obj = {
        "id": world.new_id("event"),
        "object": "event",
        "api_version": account.api_version,
        "created": world.now(),
        "data": {"object": shown(account, obj) if obj["object"] in SHOWABLE else dict(obj)},
        "livemode": False,
        "pending_webhooks": 0,
        "request": dict(request or NO_REQUEST),
        "type": kind,
    }
    if before is not None:
        event["data"]["previous_attributes"] = before
    world.put(account, event)
    queue_event(world, account, event)
    return event


SHOWABLE = frozenset(
    (
        "account", "charge", "checkout.session", "customer", "dispute", "invoice", "payment_intent", "payment_method",
        "payout", "price", "product", "refund", "subscription", "billing_portal.session",
        "billing_portal.configuration", "application_fee",
    )
)  # fmt: skip


def twin(world: World, event_id: str) -> Obj:
    """A second event object for the same happening, as Stripe makes now and then."""
    from cornerspot.payments.standin.webhooks import queue_event

    account, event = world.find("event", event_id)
    other = {**event, "id": world.new_id("event"), "pending_webhooks": 0}
    world.put(account, other)
    queue_event(world, account, other)
    return other


@operation("GET", "/v1/events", EVENTS, "events_read")
def list_events(call: Call) -> Obj:
    """Events of the last 30 days, newest first."""
    params = call.params
    types = params.get("types") or ([params["type"]] if "type" in params else [])
    if len(types) > 20:
        raise invalid("You can only specify up to 20 types.", "types")
    oldest = call.world.now() - KEPT_SECONDS
    rows = [
        event
        for event in call.account.table("event").values()
        if event["created"] >= oldest
        and in_range(event["created"], params.get("created"))
        and (not types or any(_fits(event["type"], wanted) for wanted in types))
        and ("delivery_success" not in params or params["delivery_success"] == _delivered(call.world, event))
    ]
    return page_of(call.account, rows, params, "/v1/events", "event")


@operation("GET", "/v1/events/<wanted>", ONLY_EXPAND, "events_read")
def read_event(call: Call) -> Obj:
    """One event."""
    return shown(call.account, call.account.get("event", call.args["wanted"]), call.expand)


def _fits(kind: str, wanted: str) -> bool:
    return kind == wanted or (wanted.endswith(".*") and kind.startswith(wanted[:-1]))


def _delivered(world: World, event: Obj) -> bool:
    deliveries = [world.deliveries[one] for one in event.get("_deliveries", ())]
    return all(delivery["state"] == "delivered" for delivery in deliveries)
