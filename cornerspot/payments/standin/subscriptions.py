"""Subscriptions: begun through Checkout, changed by the API and the portal, renewed by the clock."""

from __future__ import annotations

from cornerspot.payments.standin.agenda import drop_plans, due
from cornerspot.payments.standin.blanks import blank
from cornerspot.payments.standin.calls import Call, operation
from cornerspot.payments.standin.clock import months_later
from cornerspot.payments.standin.customers import merged
from cornerspot.payments.standin.errors import ApiRefusal, invalid
from cornerspot.payments.standin.events import emit
from cornerspot.payments.standin.invoices import collect, new_invoice
from cornerspot.payments.standin.payment_methods import new_method
from cornerspot.payments.standin.rendering import matching, page_of, shown, whole_list
from cornerspot.payments.standin.state import Account, Obj, World
from cornerspot.payments.standin.tables import CANCEL_SUBSCRIPTION, CHANGED_SUBSCRIPTION, ONLY_EXPAND, SUBSCRIPTIONS
from cornerspot.payments.standin.test_methods import Card, card_named

DAY = 24 * 3600
RETRY_AFTER_DAYS = (3, 5, 7)
ENDED = ("canceled", "incomplete_expired")


def start_subscription(world: World, account: Account, session: Obj, card: Card) -> Obj:
    """The subscription that a session sells: trialing, or active with its first invoice paid."""
    now, data = world.now(), session["_subscription_data"]
    trial_end = data.get("trial_end")
    if "trial_period_days" in data:
        trial_end = now + data["trial_period_days"] * DAY
    subscription = _new_subscription(world, session, data, trial_end)
    for line in session["_lines"]:
        _add_item(world, subscription, line["price"], line["quantity"], trial_end)
    method = new_method(world, account, "card", session["customer"], card=card, bank=None)
    method["customer"] = session["customer"]
    subscription.update(default_payment_method=method["id"], _card=card.number)
    world.put(account, subscription)
    if trial_end:
        world.plan(max(now, trial_end - 3 * DAY), "announce_trial_end", account, subscription["id"])
    amount = 0 if trial_end else _amount(subscription)
    invoice = new_invoice(world, account, subscription, "subscription_create", amount, (now, period_end(subscription)))
    subscription["latest_invoice"] = invoice["id"]
    emit(world, account, "customer.subscription.created", subscription)
    collect(world, account, invoice, card, off_session=False)
    world.plan(period_end(subscription), "renew", account, subscription["id"])
    return subscription


def _new_subscription(world: World, session: Obj, data: Obj, trial_end: int | None) -> Obj:
    now, subscription_id = world.now(), world.new_id("subscription")
    return {
        **blank("subscription"),
        "id": subscription_id,
        "billing_cycle_anchor": trial_end or now,
        "created": now,
        "currency": session["currency"],
        "customer": session["customer"],
        "description": data.get("description"),
        "items": whole_list([], f"/v1/subscription_items?subscription={subscription_id}"),
        "metadata": dict(data.get("metadata", {})),
        "start_date": now,
        "status": "trialing" if trial_end else "active",
        "trial_end": trial_end,
        "trial_start": now if trial_end else None,
    }


def _add_item(world: World, subscription: Obj, price: Obj, quantity: int, trial_end: int | None) -> None:
    now = world.now()
    subscription["items"]["data"].append(
        {
            "id": world.new_id("subscription_item", 14),
            "object": "subscription_item",
            "billing_thresholds": None,
            "created": now,
            "current_period_end": trial_end or _period_after(now, price),
            "current_period_start": now,
            "discounts": [],
            "metadata": {},
            "price": {name: value for name, value in price.items() if not name.startswith("_")},
            "quantity": quantity,
            "subscription": subscription["id"],
            "tax_rates": [],
        }
    )


def period_end(subscription: Obj) -> int:
    """When the running period ends; it lives on the items."""
    return min(item["current_period_end"] for item in subscription["items"]["data"])


def change_plan(
    world: World, account: Account, subscription: Obj, item: Obj, price: Obj, request: Obj | None = None
) -> None:
    """The item has another price from now on; a price of another length begins a new period, paid at once."""
    before = {"items": {"data": [dict(item)]}}
    new_length = item["price"]["recurring"] != price["recurring"]
    item["price"] = {name: value for name, value in price.items() if not name.startswith("_")}
    if new_length and subscription["status"] != "trialing":
        now = world.now()
        item.update(current_period_start=now, current_period_end=_period_after(now, price))
        drop_plans(world, "renew", subscription["id"])
        world.plan(item["current_period_end"], "renew", account, subscription["id"])
        _bill(world, account, subscription, "subscription_update")
    emit(world, account, "customer.subscription.updated", subscription, before=before, request=request)


def set_cancel_at_period_end(
    world: World, account: Account, subscription: Obj, cancel: bool, request: Obj | None = None
) -> None:
    """The subscription ends with its period, or no longer does."""
    before = {"cancel_at_period_end": subscription["cancel_at_period_end"]}
    subscription.update(
        cancel_at_period_end=cancel,
        cancel_at=period_end(subscription) if cancel else None,
        canceled_at=world.now() if cancel else None,
    )
    subscription["cancellation_details"]["reason"] = "cancellation_requested" if cancel else None
    emit(world, account, "customer.subscription.updated", subscription, before=before, request=request)


def end_subscription(world: World, account: Account, subscription: Obj, request: Obj | None = None) -> None:
    """The subscription is over."""
    if subscription["status"] in ENDED:
        raise ApiRefusal(
            f"No such subscription: '{subscription['id']}'",
            status=404,
            code="resource_missing",
            param="subscription_exposed_id",
            kept=False,
        )
    now = world.now()
    subscription.update(status="canceled", ended_at=now, canceled_at=subscription["canceled_at"] or now)
    drop_plans(world, "renew", subscription["id"])
    drop_plans(world, "retry_invoice", subscription["id"])
    emit(world, account, "customer.subscription.deleted", subscription, request=request)


def put_card(world: World, account: Account, subscription: Obj, card: Card) -> None:
    """Another card is on file; an unpaid invoice is tried with it at once."""
    method = new_method(world, account, "card", subscription["customer"], card=card, bank=None)
    method["customer"] = subscription["customer"]
    subscription.update(default_payment_method=method["id"], _card=card.number)
    invoice = account.get("invoice", subscription["latest_invoice"])
    if invoice["status"] == "open":
        _collect_and_set(world, account, subscription, invoice, card)
    emit(world, account, "customer.subscription.updated", subscription)


@due("renew")
def _renew(world: World, account: Account, plan: Obj) -> None:
    subscription = account.get("subscription", plan["id"])
    if subscription["status"] in ENDED:
        return
    customer_is_gone = account.table("customer")[subscription["customer"]].get("deleted", False)
    if subscription["cancel_at_period_end"] or customer_is_gone:
        end_subscription(world, account, subscription)
        return
    for item in subscription["items"]["data"]:
        begins = item["current_period_end"]
        item.update(current_period_start=begins, current_period_end=_period_after(begins, item["price"]))
    world.plan(period_end(subscription), "renew", account, subscription["id"])
    if subscription["status"] == "trialing":
        subscription["status"] = "active"
    if subscription["status"] != "unpaid":
        _bill(world, account, subscription, "subscription_cycle")
    emit(world, account, "customer.subscription.updated", subscription)


@due("retry_invoice")
def _retry(world: World, account: Account, plan: Obj) -> None:
    subscription = account.get("subscription", plan["id"])
    invoice = account.get("invoice", subscription["latest_invoice"])
    if invoice["status"] == "open" and subscription["status"] not in ENDED:
        _collect_and_set(world, account, subscription, invoice, card_named(subscription["_card"]))
        emit(world, account, "customer.subscription.updated", subscription)


@due("announce_trial_end")
def _announce_trial_end(world: World, account: Account, plan: Obj) -> None:
    subscription = account.get("subscription", plan["id"])
    if subscription["status"] == "trialing":
        emit(world, account, "customer.subscription.trial_will_end", subscription)


def _bill(world: World, account: Account, subscription: Obj, reason: str) -> None:
    item = subscription["items"]["data"][0]
    period = (item["current_period_start"], item["current_period_end"])
    invoice = new_invoice(world, account, subscription, reason, _amount(subscription), period)
    subscription["latest_invoice"] = invoice["id"]
    _collect_and_set(world, account, subscription, invoice, card_named(subscription["_card"]))


def _collect_and_set(world: World, account: Account, subscription: Obj, invoice: Obj, card: Card) -> None:
    if collect(world, account, invoice, card, off_session=True):
        subscription["status"] = "active"
    elif invoice["attempt_count"] <= len(RETRY_AFTER_DAYS):
        subscription["status"] = "past_due"
        again = world.now() + RETRY_AFTER_DAYS[invoice["attempt_count"] - 1] * DAY
        invoice["next_payment_attempt"] = again
        world.plan(again, "retry_invoice", account, subscription["id"])
    else:
        subscription["status"] = "unpaid"


def _amount(subscription: Obj) -> int:
    return sum((item["price"]["unit_amount"] or 0) * item["quantity"] for item in subscription["items"]["data"])


def _period_after(begins: int, price: Obj) -> int:
    recurring = price["recurring"]
    count = recurring["interval_count"]
    if recurring["interval"] in ("month", "year"):
        return months_later(begins, count * (12 if recurring["interval"] == "year" else 1))
    return begins + count * DAY * (7 if recurring["interval"] == "week" else 1)


@operation("GET", "/v1/subscriptions", SUBSCRIPTIONS, "subscription_read")
def list_subscriptions(call: Call) -> Obj:
    """Subscriptions, newest first; ended ones only when asked for."""
    rows = matching(call.account.table("subscription").values(), call.params, "customer")
    status = call.params.get("status")
    if status is None:
        rows = [row for row in rows if row["status"] not in ENDED]
    elif status == "ended":
        rows = [row for row in rows if row["status"] in ENDED]
    elif status != "all":
        rows = [row for row in rows if row["status"] == status]
    if price := call.params.get("price"):
        rows = [row for row in rows if any(item["price"]["id"] == price for item in row["items"]["data"])]
    return page_of(call.account, rows, call.params, "/v1/subscriptions", "subscription")


@operation("GET", "/v1/subscriptions/<wanted>", ONLY_EXPAND, "subscription_read")
def read_subscription(call: Call) -> Obj:
    """One subscription."""
    return shown(call.account, call.account.get("subscription", call.args["wanted"]), call.expand)


@operation("POST", "/v1/subscriptions/<wanted>", CHANGED_SUBSCRIPTION, "subscription_write")
def update_subscription(call: Call) -> Obj:
    """The subscription as changed: its plan, its end, its metadata."""
    subscription, params = call.account.get("subscription", call.args["wanted"]), call.params
    if subscription["status"] in ENDED:
        raise invalid("A canceled subscription can only update its cancellation_details and metadata.")
    for index, change in enumerate(params.get("items", ())):
        _change_item(call, subscription, change, f"items[{index}]")
    if "description" in params:
        subscription["description"] = params["description"]
    if params.get("trial_end") == "now" and subscription["status"] == "trialing":
        subscription.update(trial_end=call.world.now(), status="active")
        for item in subscription["items"]["data"]:
            now = call.world.now()
            item.update(current_period_start=now, current_period_end=_period_after(now, item["price"]))
        _bill(call.world, call.account, subscription, "subscription_update")
    subscription["metadata"] = merged(subscription["metadata"], params, call.raw)
    if "cancel_at_period_end" in params:
        cancel = params["cancel_at_period_end"]
        set_cancel_at_period_end(call.world, call.account, subscription, cancel, call.request)
    else:
        emit(call.world, call.account, "customer.subscription.updated", subscription, request=call.request)
    return shown(call.account, subscription, call.expand)


def _change_item(call: Call, subscription: Obj, change: Obj, name: str) -> None:
    items = subscription["items"]["data"]
    item = next((one for one in items if one["id"] == change.get("id")), None)
    if item is None:
        raise invalid(f"No such subscription_item: '{change.get('id')}'", f"{name}[id]", code="resource_missing")
    if "quantity" in change:
        item["quantity"] = change["quantity"]
    if "price" in change:
        price = call.account.get("price", change["price"], f"{name}[price]", status=400)
        if not price["recurring"]:
            raise invalid(
                "The price specified is set to `type=one_time` but this field only accepts prices with "
                "`type=recurring`.",
                f"{name}[price]",
            )
        change_plan(call.world, call.account, subscription, item, price, call.request)


@operation("DELETE", "/v1/subscriptions/<wanted>", CANCEL_SUBSCRIPTION, "subscription_write")
def cancel_subscription(call: Call) -> Obj:
    """The subscription is cancelled at once."""
    subscription = call.account.get("subscription", call.args["wanted"])
    end_subscription(call.world, call.account, subscription, call.request)
    return shown(call.account, subscription, call.expand)
