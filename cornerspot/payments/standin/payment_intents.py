"""Payment intents: made by a session's first try, read, listed, described and cancelled by the API."""

from __future__ import annotations

from cornerspot.payments.standin.agenda import drop_plans
from cornerspot.payments.standin.blanks import blank
from cornerspot.payments.standin.calls import Call, operation
from cornerspot.payments.standin.customers import merged
from cornerspot.payments.standin.errors import ApiRefusal
from cornerspot.payments.standin.events import emit
from cornerspot.payments.standin.params import Range
from cornerspot.payments.standin.rendering import matching, page_of, shown
from cornerspot.payments.standin.state import Account, Obj, World
from cornerspot.payments.standin.tables import CANCEL_INTENT, ONLY_EXPAND, TEXT, UPDATE_INTENT, listing

CANCELLABLE = ("requires_payment_method", "requires_confirmation", "requires_action", "requires_capture", "processing")


def new_intent(world: World, account: Account, session: Obj) -> Obj:
    """The intent of a session, waiting for a payment method."""
    data = session["_intent_data"]
    intent_id = world.new_id("payment_intent")
    intent = world.put(
        account,
        {
            **blank("payment_intent"),
            "id": intent_id,
            "amount": session["amount_total"],
            "application": _application(world, session["_platform"]),
            "application_fee_amount": data.get("application_fee_amount"),
            "capture_method": data.get("capture_method", "automatic_async"),
            "client_secret": f"{intent_id}_secret_{world.token(25)}",
            "created": world.now(),
            "currency": session["currency"],
            "customer": session["customer"],
            "description": data.get("description"),
            "metadata": dict(data.get("metadata", {})),
            "payment_method_types": list(session["payment_method_types"]),
            "receipt_email": data.get("receipt_email"),
            "setup_future_usage": data.get("setup_future_usage"),
            "statement_descriptor": data.get("statement_descriptor"),
            "statement_descriptor_suffix": data.get("statement_descriptor_suffix"),
            "transfer_group": data.get("transfer_group"),
            "_session": session["id"],
            "_platform": session["_platform"],
        },
    )
    emit(world, account, "payment_intent.created", intent)
    return intent


def _application(world: World, platform: str | None) -> str | None:
    return world.accounts[platform].client_id if platform else None


@operation("GET", "/v1/payment_intents", listing(created=Range(), customer=TEXT), "payment_intent_read")
def list_intents(call: Call) -> Obj:
    """Intents, newest first."""
    rows = matching(call.account.table("payment_intent").values(), call.params, "customer")
    return page_of(call.account, rows, call.params, "/v1/payment_intents", "payment_intent")


@operation("GET", "/v1/payment_intents/<wanted>", ONLY_EXPAND, "payment_intent_read")
def read_intent(call: Call) -> Obj:
    """One intent."""
    return shown(call.account, call.account.get("payment_intent", call.args["wanted"], "intent"), call.expand)


@operation("POST", "/v1/payment_intents/<wanted>", UPDATE_INTENT, "payment_intent_write")
def update_intent(call: Call) -> Obj:
    """The intent with another description or other metadata."""
    intent = call.account.get("payment_intent", call.args["wanted"], "intent")
    if "description" in call.params:
        intent["description"] = call.params["description"]
    intent["metadata"] = merged(intent["metadata"], call.params, call.raw)
    return shown(call.account, intent, call.expand)


@operation("POST", "/v1/payment_intents/<wanted>/cancel", CANCEL_INTENT, "payment_intent_write")
def cancel_intent(call: Call) -> Obj:
    """The intent is cancelled; refused when it has ended, or while its session is open."""
    intent = call.account.get("payment_intent", call.args["wanted"], "intent")
    session = call.account.get("checkout.session", intent["_session"]) if intent["_session"] else None
    if session is not None and session["status"] == "open":
        raise ApiRefusal(
            "You cannot cancel this PaymentIntent because it was created by a Checkout Session that is open. "
            "Expire the Checkout Session instead.",
            code="payment_intent_unexpected_state",
        )
    if intent["status"] not in CANCELLABLE:
        raise ApiRefusal(
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}. Only a PaymentIntent "
            f"with one of the following statuses may be canceled: {', '.join(CANCELLABLE)}.",
            code="payment_intent_unexpected_state",
            payment_intent=shown(call.account, intent),
        )
    intent.update(
        status="canceled",
        canceled_at=call.world.now(),
        cancellation_reason=call.params.get("cancellation_reason"),
        next_action=None,
    )
    drop_plans(call.world, "settle_debit", intent["id"])
    if intent["latest_charge"]:
        charge = call.account.get("charge", intent["latest_charge"])
        if charge["status"] == "pending":
            charge.update(status="failed", failure_code="payment_intent_canceled", paid=False)
    emit(call.world, call.account, "payment_intent.canceled", intent, request=call.request)
    return shown(call.account, intent, call.expand)
