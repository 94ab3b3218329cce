"""The billing portal's sessions and configurations."""

from __future__ import annotations

from cornerspot.payments.standin.calls import Call, operation
from cornerspot.payments.standin.customers import merged
from cornerspot.payments.standin.errors import invalid
from cornerspot.payments.standin.params import Flag
from cornerspot.payments.standin.rendering import page_of, shown
from cornerspot.payments.standin.state import Account, Obj, World
from cornerspot.payments.standin.tables import CHANGED_PORTAL, NEW_PORTAL, ONLY_EXPAND, PORTAL_SESSION, listing

SESSION_SECONDS = 3600


@operation("POST", "/v1/billing_portal/sessions", PORTAL_SESSION, "customer_portal_write")
def create_portal_session(call: Call) -> Obj:
    """A short-lived address where the customer looks after their subscription."""
    params, world = call.params, call.world
    call.account.get("customer", params["customer"], "customer", status=400)
    if "configuration" in params:
        configuration = call.account.get(
            "billing_portal.configuration", params["configuration"], "configuration", status=400
        )
    else:
        configuration = _default(call.account)
    session_id = world.new_id("billing_portal.session")
    session = {
        "id": session_id,
        "object": "billing_portal.session",
        "configuration": configuration["id"],
        "created": world.now(),
        "customer": params["customer"],
        "customer_account": None,
        "flow": None,
        "livemode": False,
        "locale": params.get("locale"),
        "on_behalf_of": None,
        "return_url": params.get("return_url") or configuration["default_return_url"],
        "url": f"{world.public_url}/p/session/{session_id}",
    }
    world.put(call.account, session)
    return shown(call.account, session, call.expand)


@operation("POST", "/v1/billing_portal/configurations", NEW_PORTAL, "customer_portal_write")
def create_configuration(call: Call) -> Obj:
    """What the portal allows; the first one is the default."""
    params, world, account = call.params, call.world, call.account
    now = world.now()
    configuration = {
        "id": world.new_id("billing_portal.configuration"),
        "object": "billing_portal.configuration",
        "active": True,
        "application": None,
        "business_profile": {"headline": None, "privacy_policy_url": None, "terms_of_service_url": None}
        | params.get("business_profile", {}),
        "created": now,
        "default_return_url": params.get("default_return_url"),
        "features": _features(account, params["features"]),
        "is_default": not account.table("billing_portal.configuration"),
        "livemode": False,
        "login_page": {"enabled": False, "url": None},
        "metadata": params.get("metadata", {}),
        "name": params.get("name"),
        "updated": now,
    }
    world.put(account, configuration)
    return shown(account, configuration, call.expand)


@operation(
    "GET", "/v1/billing_portal/configurations", listing(active=Flag(), is_default=Flag()), "customer_portal_read"
)
def list_configurations(call: Call) -> Obj:
    """Configurations, newest first."""
    filters = {name: call.params[name] for name in ("active", "is_default") if name in call.params}
    rows = [
        row
        for row in call.account.table("billing_portal.configuration").values()
        if all(row[name] == value for name, value in filters.items())
    ]
    return page_of(call.account, rows, call.params, "/v1/billing_portal/configurations", "configuration")


@operation("GET", "/v1/billing_portal/configurations/<wanted>", ONLY_EXPAND, "customer_portal_read")
def read_configuration(call: Call) -> Obj:
    """One configuration."""
    return shown(call.account, call.account.get("billing_portal.configuration", call.args["wanted"]), call.expand)


@operation("POST", "/v1/billing_portal/configurations/<wanted>", CHANGED_PORTAL, "customer_portal_write")
def update_configuration(call: Call) -> Obj:
    """The configuration as changed."""
    configuration, params = call.account.get("billing_portal.configuration", call.args["wanted"]), call.params
    for name in ("active", "default_return_url", "name"):
        if name in params:
            configuration[name] = params[name]
    if "features" in params:
        configuration["features"].update(
            {name: _features(call.account, params["features"])[name] for name in params["features"]}
        )
    configuration["business_profile"].update(params.get("business_profile", {}))
    configuration["metadata"] = merged(configuration["metadata"] or {}, params, call.raw)
    configuration["updated"] = call.world.now()
    return shown(call.account, configuration, call.expand)


def plans_on_offer(account: Account, session: Obj) -> list[Obj]:
    """The prices that a portal session lets the customer change to."""
    configuration = account.get("billing_portal.configuration", session["configuration"])
    update = configuration["features"]["subscription_update"]
    if not update["enabled"]:
        return []
    return [account.get("price", price) for product in update["products"] for price in product["prices"]]


def is_over(world: World, session: Obj) -> bool:
    """Whether a portal session's address no longer works."""
    return bool(world.now() - session["created"] > SESSION_SECONDS)


def _default(account: Account) -> Obj:
    found = next((one for one in account.table("billing_portal.configuration").values() if one["is_default"]), None)
    if found is None:
        raise invalid(
            "You can't create a portal session in test mode until you save your customer portal settings in test mode, "
            "or create a configuration by API."
        )
    return found


def _features(account: Account, asked: Obj) -> Obj:
    cancel = asked.get("subscription_cancel", {})
    update = asked.get("subscription_update", {})
    if update.get("enabled") and not update.get("products"):
        raise invalid("Missing required param: features[subscription_update][products].",
                      "features[subscription_update][products]", code="parameter_missing")  # fmt: skip
    for product in update.get("products", ()):
        for price in product["prices"]:
            account.get("price", price, "features[subscription_update][products]", status=400)
    return {
        "customer_update": {
            "allowed_updates": asked.get("customer_update", {}).get("allowed_updates", []),
            "enabled": asked.get("customer_update", {}).get("enabled", False),
        },
        "invoice_history": {"enabled": asked.get("invoice_history", {}).get("enabled", False)},
        "payment_method_update": {
            "enabled": asked.get("payment_method_update", {}).get("enabled", False),
            "payment_method_configuration": None,
        },
        "subscription_cancel": {
            "cancellation_reason": {"enabled": False, "options": []} | cancel.get("cancellation_reason", {}),
            "enabled": cancel.get("enabled", False),
            "mode": cancel.get("mode", "at_period_end"),
            "proration_behavior": cancel.get("proration_behavior", "none"),
        },
        "subscription_pause": {"duration": {"interval_options": [], "type": "indefinite"}, "enabled": False},
        "subscription_update": {
            "billing_cycle_anchor": None,
            "default_allowed_updates": update.get("default_allowed_updates", []),
            "enabled": update.get("enabled", False),
            "products": [
                {**product, "adjustable_quantity": {"enabled": False, "minimum": 1, "maximum": None}}
                for product in update.get("products", [])
            ],
            "proration_behavior": update.get("proration_behavior", "none"),
            "schedule_at_period_end": {"conditions": []},
            "trial_update_behavior": "end_trial",
        },
    }
