"""Webhook endpoints: made, changed and deleted by the API; the secret is shown once."""

from __future__ import annotations

from urllib.parse import urlsplit

from cornerspot.payments.standin.calls import Call, operation
from cornerspot.payments.standin.errors import invalid
from cornerspot.payments.standin.params import Shape
from cornerspot.payments.standin.rendering import page_of, shown
from cornerspot.payments.standin.state import Account, Obj, World
from cornerspot.payments.standin.tables import CHANGED_ENDPOINT, NEW_ENDPOINT, ONLY_EXPAND, listing

ROLL_SECONDS = 24 * 3600
MOST_ENDPOINTS = 16
_EVENT_TYPES = """
    account.application.authorized account.application.deauthorized account.updated application_fee.created
    balance.available billing_portal.configuration.created billing_portal.configuration.updated
    billing_portal.session.created charge.captured charge.dispute.closed charge.dispute.created
    charge.dispute.funds_reinstated charge.dispute.funds_withdrawn charge.dispute.updated charge.expired charge.failed
    charge.pending charge.refund.updated charge.refunded charge.succeeded charge.updated
    checkout.session.async_payment_failed checkout.session.async_payment_succeeded checkout.session.completed
    checkout.session.expired customer.created customer.deleted customer.updated customer.subscription.created
    customer.subscription.deleted customer.subscription.paused customer.subscription.pending_update_applied
    customer.subscription.resumed customer.subscription.trial_will_end customer.subscription.updated invoice.created
    invoice.finalized invoice.paid invoice.payment_action_required invoice.payment_failed invoice.payment_succeeded
    invoice.upcoming invoice.updated invoice.voided mandate.updated payment_intent.amount_capturable_updated
    payment_intent.canceled payment_intent.created payment_intent.payment_failed payment_intent.processing
    payment_intent.requires_action payment_intent.succeeded payment_method.attached
    payment_method.automatically_updated payment_method.detached payment_method.updated payout.canceled payout.created
    payout.failed payout.paid payout.updated price.created price.deleted price.updated product.created product.deleted
    product.updated refund.created refund.failed refund.updated setup_intent.canceled setup_intent.created
    setup_intent.requires_action setup_intent.setup_failed setup_intent.succeeded
    """
EVENT_TYPES = frozenset(_EVENT_TYPES.split())


@operation("POST", "/v1/webhook_endpoints", NEW_ENDPOINT, "webhook_write")
def create_endpoint(call: Call) -> Obj:
    """A new endpoint, with the secret that is never shown again."""
    params, world = call.params, call.world
    _require_events(params["enabled_events"])
    _require_url(params["url"])
    if params.get("connect") and not call.account.client_id:
        raise invalid("Only platforms can listen to connected accounts.", "connect")
    if len(call.account.table("webhook_endpoint")) >= MOST_ENDPOINTS:
        raise invalid("You have reached the maximum of 16 test webhook endpoints.")
    endpoint = {
        "id": world.new_id("webhook_endpoint"),
        "object": "webhook_endpoint",
        "api_version": params.get("api_version"),
        "application": None,
        "created": world.now(),
        "description": params.get("description"),
        "enabled_events": params["enabled_events"],
        "livemode": False,
        "metadata": params.get("metadata", {}),
        "status": "enabled",
        "url": params["url"],
        "_connect": bool(params.get("connect")),
        "_secrets": [{"secret": f"whsec_{world.token(32)}", "until": None}],
    }
    world.put(call.account, endpoint)
    return {**shown(call.account, endpoint), "secret": current_secret(endpoint)}


@operation("GET", "/v1/webhook_endpoints", listing(), "webhook_read")
def list_endpoints(call: Call) -> Obj:
    """All endpoints of the account."""
    rows = call.account.table("webhook_endpoint").values()
    return page_of(call.account, rows, call.params, "/v1/webhook_endpoints", "webhook_endpoint")


@operation("GET", "/v1/webhook_endpoints/<wanted>", ONLY_EXPAND, "webhook_read")
def read_endpoint(call: Call) -> Obj:
    """One endpoint, without its secret."""
    return shown(call.account, call.account.get("webhook_endpoint", call.args["wanted"]))


@operation("POST", "/v1/webhook_endpoints/<wanted>", CHANGED_ENDPOINT, "webhook_write")
def update_endpoint(call: Call) -> Obj:
    """The endpoint as changed."""
    endpoint, params = call.account.get("webhook_endpoint", call.args["wanted"]), call.params
    if "enabled_events" in params:
        _require_events(params["enabled_events"])
    if "url" in params:
        _require_url(params["url"])
    for name in ("url", "enabled_events", "description"):
        if name in params:
            endpoint[name] = params[name]
    endpoint["metadata"] = {**endpoint["metadata"], **params.get("metadata", {})}
    if "disabled" in params:
        endpoint["status"] = "disabled" if params["disabled"] else "enabled"
    return shown(call.account, endpoint)


@operation("DELETE", "/v1/webhook_endpoints/<wanted>", Shape(), "webhook_write")
def delete_endpoint(call: Call) -> Obj:
    """The endpoint is gone; nothing more is sent to it."""
    endpoint = call.account.get("webhook_endpoint", call.args["wanted"])
    del call.account.table("webhook_endpoint")[endpoint["id"]]
    return {"id": endpoint["id"], "object": "webhook_endpoint", "deleted": True}


def current_secret(endpoint: Obj) -> str:
    """The endpoint's newest secret."""
    return str(endpoint["_secrets"][0]["secret"])


def roll_secret(world: World, endpoint: Obj) -> str:
    """The endpoint has a new secret; the old one signs beside it for 24 hours. Returns the new one."""
    for old in endpoint["_secrets"]:
        old["until"] = old["until"] or world.now() + ROLL_SECONDS
    endpoint["_secrets"].insert(0, {"secret": f"whsec_{world.token(32)}", "until": None})
    return current_secret(endpoint)


def queue_event(world: World, account: Account, event: Obj) -> None:
    """A delivery waits for each enabled endpoint that asked for this type."""
    event["_deliveries"] = []
    for owner, endpoint in _listeners(world, account):
        asked = endpoint["enabled_events"]
        if endpoint["status"] != "enabled" or not ("*" in asked or event["type"] in asked):
            continue
        world.made += 1
        delivery = {
            "id": f"dlv_{world.made}",
            "account": account.id,
            "event": event["id"],
            "endpoint": endpoint["id"],
            "endpoint_account": owner.id,
            "state": "waiting",
            "tries": 0,
            "due_at": world.now(),
            "first_at": None,
            "status": None,
        }
        world.deliveries[delivery["id"]] = delivery
        world.waiting[delivery["id"]] = None
        event["_deliveries"].append(delivery["id"])
        event["pending_webhooks"] += 1


def _listeners(world: World, account: Account) -> list[tuple[Account, Obj]]:
    listeners = [(account, one) for one in account.table("webhook_endpoint").values() if not one["_connect"]]
    connection = world.connections.get(account.id)
    if connection is not None:
        platform = world.accounts[connection["platform"]]
        listeners += [(platform, one) for one in platform.table("webhook_endpoint").values() if one["_connect"]]
    return listeners


def _require_events(kinds: list[str]) -> None:
    if not kinds:
        raise invalid("enabled_events must name at least one event.", "enabled_events")
    for index, kind in enumerate(kinds):
        if kind != "*" and kind not in EVENT_TYPES:
            raise invalid(f"Invalid enabled_events[{index}]: {kind} is not an event.", f"enabled_events[{index}]")


def _require_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise invalid("Invalid URL: An explicit scheme (such as https) must be provided.", "url", code="url_invalid")
