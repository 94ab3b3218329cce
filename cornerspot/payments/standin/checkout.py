"""Checkout Sessions: created, read, listed and expired by the API."""

from __future__ import annotations

from cornerspot.payments.standin.agenda import drop_plans, due
from cornerspot.payments.standin.blanks import blank
from cornerspot.payments.standin.calls import Call, operation
from cornerspot.payments.standin.checkout_rules import priced_lines, require_rules
from cornerspot.payments.standin.errors import ApiRefusal
from cornerspot.payments.standin.events import emit
from cornerspot.payments.standin.money_rules import offered_methods
from cornerspot.payments.standin.rendering import SHOWN_WHEN_EXPANDED, matching, page_of, shown, whole_list
from cornerspot.payments.standin.state import Account, Obj, World
from cornerspot.payments.standin.tables import CHECKOUT_SESSION, CHECKOUT_SESSIONS, ONLY_EXPAND, listing

LONGEST_SECONDS = 24 * 3600


@operation("POST", "/v1/checkout/sessions", CHECKOUT_SESSION, "checkout_session_write")
def create_session(call: Call) -> Obj:
    """An open session with the address of its hosted page."""
    require_rules(call)
    params, world = call.params, call.world
    currency, lines = priced_lines(call)
    methods = offered_methods(
        currency,
        call.account.methods,
        params.get("allowed_payment_method_types"),
        params.get("excluded_payment_method_types"),
    )
    total = 0 if _begins_with_trial(params) else sum(line["amount_total"] for line in lines)
    session = _session(call, currency, total, methods)
    session["_lines"] = lines
    session["_intent_data"] = params.get("payment_intent_data", {})
    session["_subscription_data"] = params.get("subscription_data", {})
    session["_platform"] = call.caller.id if call.on_connected_account else None
    world.put(call.account, session)
    world.plan(session["expires_at"], "expire_session", call.account, session["id"])
    return shown(call.account, session, call.expand)


def _expires_at(params: Obj, world: World) -> int:
    if "expires_at" in params:
        return world.clock.of_callers(params["expires_at"])
    return world.now() + LONGEST_SECONDS


def _begins_with_trial(params: Obj) -> bool:
    data = params.get("subscription_data", {})
    return "trial_period_days" in data or "trial_end" in data


def _session(call: Call, currency: str, total: int, methods: list[str]) -> Obj:
    params, world = call.params, call.world
    session_id = world.new_id("checkout.session")
    paid_mode = params["mode"] == "payment"
    return {
        **blank("checkout.session"),
        "id": session_id,
        "adaptive_pricing": {"enabled": params.get("adaptive_pricing", {}).get("enabled", False)},
        "allow_promotion_codes": params.get("allow_promotion_codes"),
        "allowed_payment_method_types": params.get("allowed_payment_method_types"),
        "amount_subtotal": total,
        "amount_total": total,
        "billing_address_collection": params.get("billing_address_collection"),
        "cancel_url": params.get("cancel_url"),
        "client_reference_id": params.get("client_reference_id"),
        "created": world.now(),
        "currency": currency,
        "custom_text": {
            name: params.get("custom_text", {}).get(name)
            for name in ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")
        },
        "customer": params.get("customer"),
        "customer_creation": params.get("customer_creation") or ("if_required" if paid_mode else "always"),
        "customer_email": params.get("customer_email"),
        "expires_at": _expires_at(params, world),
        "invoice_creation": {"enabled": False, "invoice_data": _NO_INVOICE_DATA} if paid_mode else None,
        "locale": params.get("locale"),
        "metadata": params.get("metadata", {}),
        "mode": params["mode"],
        "payment_method_collection": params.get("payment_method_collection")
        or ("if_required" if paid_mode else "always"),
        "payment_method_options": params.get("payment_method_options", {}),
        "payment_method_types": methods,
        "saved_payment_method_options": params.get("saved_payment_method_options")
        and {
            "allow_redisplay_filters": None,
            "payment_method_remove": None,
            "payment_method_save": None,
            **params["saved_payment_method_options"],
        },
        "submit_type": params.get("submit_type"),
        "success_url": params.get("success_url"),
        "url": f"{world.public_url}/c/pay/{session_id}",
    }


_NO_INVOICE_DATA: Obj = {
    "account_tax_ids": None,
    "custom_fields": None,
    "description": None,
    "footer": None,
    "issuer": None,
    "metadata": {},
    "rendering_options": None,
}


@operation("GET", "/v1/checkout/sessions", CHECKOUT_SESSIONS, "checkout_session_read")
def list_sessions(call: Call) -> Obj:
    """Sessions, newest first."""
    filters = ("customer", "payment_intent", "status", "subscription")
    rows = matching(call.account.table("checkout.session").values(), call.params, *filters)
    return page_of(call.account, rows, call.params, "/v1/checkout/sessions", "checkout session")


@operation("GET", "/v1/checkout/sessions/<wanted>", ONLY_EXPAND, "checkout_session_read")
def read_session(call: Call) -> Obj:
    """One session."""
    return shown(call.account, call.account.get("checkout.session", call.args["wanted"]), call.expand)


@operation("POST", "/v1/checkout/sessions/<wanted>/expire", ONLY_EXPAND, "checkout_session_write")
def expire_session(call: Call) -> Obj:
    """The session is expired; refused unless it was open."""
    session = call.account.get("checkout.session", call.args["wanted"])
    if session["status"] != "open":
        raise ApiRefusal(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of '
            f"`{session['status']}`.",
            kept=False,
        )
    expire(call.world, call.account, session, call.request)
    return shown(call.account, session, call.expand)


@operation("GET", "/v1/checkout/sessions/<wanted>/line_items", listing(), "checkout_session_read")
def list_lines(call: Call) -> Obj:
    """What the session charges for."""
    session = call.account.get("checkout.session", call.args["wanted"])
    url = f"/v1/checkout/sessions/{session['id']}/line_items"
    return page_of(call.account, session["_lines"], call.params, url, "item", newest_first=False)


def expire(world: World, account: Account, session: Obj, request: Obj | None = None) -> None:
    """Nobody can pay through the session any more; an intent begun with it is cancelled."""
    session.update(status="expired", url=None)
    drop_plans(world, "expire_session", session["id"])
    if session["payment_intent"]:
        intent = account.get("payment_intent", session["payment_intent"])
        if intent["status"] in ("requires_payment_method", "requires_action"):
            intent.update(status="canceled", canceled_at=world.now(), cancellation_reason="automatic", next_action=None)
            emit(world, account, "payment_intent.canceled", intent, request=request)
    emit(world, account, "checkout.session.expired", session, request=request)


@due("expire_session")
def _expire_in_time(world: World, account: Account, plan: Obj) -> None:
    session = account.get("checkout.session", plan["id"])
    if session["status"] == "open":
        expire(world, account, session)


def _lines(account: Account, session: Obj) -> Obj:
    rows = [shown(account, line) for line in session["_lines"]]
    return whole_list(rows, f"/v1/checkout/sessions/{session['id']}/line_items")


SHOWN_WHEN_EXPANDED["checkout.session"] = {"line_items": _lines}
