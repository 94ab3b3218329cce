"""The demo's controls at /_standin: look at accounts and payments, let days pass, play the bank and the tenant."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlencode

from werkzeug.wrappers import Request, Response

from cornerspot.payments.standin.control import StandIn
from cornerspot.payments.standin.errors import ApiRefusal
from cornerspot.payments.standin.pages import page, render, see_other
from cornerspot.payments.standin.state import Account, Obj

MOST_ROWS = 50


@page("GET", "/")
def show_front(_standin: StandIn, _request: Request) -> Response:
    """There is nothing here but the controls."""
    return see_other("/_standin")


@page("GET", "/_standin")
def show_controls(standin: StandIn, request: Request) -> Response:
    """Accounts, payments, what waits, and the buttons."""
    return render(
        "control.html",
        now=standin.world.now(),
        accounts=[_account(standin, one) for one in standin.world.accounts.values()],
        pending=standin.post.pending,
        done=request.args.get("done"),
    )


@page("POST", "/_standin/time")
def pass_time(standin: StandIn, request: Request) -> Response:
    """Time has passed, and what fell due has happened."""
    if request.form.get("by") == "4_business_days":
        standin.advance_business_days(4)
    else:
        standin.advance(timedelta(days=1 if request.form.get("by") == "day" else 31))
    return _done("Time has passed.")


@page("POST", "/_standin/do/<what>/<wanted>")
def act(standin: StandIn, _request: Request, what: str, wanted: str) -> Response:
    """One of the buttons, on one object."""
    if what not in _ACTS:
        raise ApiRefusal("There is no such button.", status=404)
    run, said = _ACTS[what]
    run(standin, wanted)
    return _done(said)


_ACTS: dict[str, tuple[Callable[[StandIn, str], object], str]] = {
    "refund": (lambda standin, wanted: standin.dashboard_refund(wanted), "Refunded in the Dashboard."),
    "fail_refund": (lambda standin, wanted: standin.fail_refund(wanted), "The refund came back."),
    "settle": (lambda standin, wanted: standin.settle(wanted), "The bank has answered."),
    "microdeposits": (lambda standin, wanted: standin.verify_microdeposits(wanted), "The account is verified."),
    "dispute": (lambda standin, wanted: standin.open_dispute(wanted), "The payer's bank disputes the payment."),
    "inquire": (
        lambda standin, wanted: standin.open_dispute(wanted, reason="general", inquiry=True),
        "The payer's bank has a question.",
    ),
    "withdraw": (lambda standin, wanted: standin.withdraw_dispute(wanted), "The money is withdrawn."),
    "win": (lambda standin, wanted: standin.close_dispute(wanted, won=True), "The dispute is won."),
    "lose": (lambda standin, wanted: standin.close_dispute(wanted), "The dispute is closed."),
    "expire": (lambda standin, wanted: standin.expire(wanted), "The session has expired."),
    "disconnect": (lambda standin, wanted: standin.disconnect(wanted), "The account has left; its keys are revoked."),
    "reconnect": (lambda standin, wanted: standin.reconnect(wanted), "The account's keys work again."),
}


def _done(said: str) -> Response:
    return see_other(f"/_standin?{urlencode({'done': said})}")


def _account(standin: StandIn, account: Account) -> Obj:
    keys = {key: known for key, known in standin.world.keys.items() if known["account"] == account.id}
    connection = standin.world.connections.get(account.id)
    return {
        "account": account,
        "keys": keys,
        "revoked": any(known["revoked"] for known in keys.values()),
        "platform": standin.world.accounts[connection["platform"]] if connection else None,
        "payments": [_payment(account, one) for one in _last(account, "payment_intent")],
        "sessions": [one for one in _last(account, "checkout.session") if one["status"] == "open"],
        "endpoints": list(account.table("webhook_endpoint").values()),
        "events": _last(account, "event")[:12],
    }


def _payment(account: Account, intent: Obj) -> Obj:
    charge = account.table("charge").get(intent["latest_charge"] or "")
    of_intent = [one for one in account.table("dispute").values() if one["payment_intent"] == intent["id"]]
    refunds = [one for one in account.table("refund").values() if one["payment_intent"] == intent["id"]]
    return {
        "intent": intent,
        "charge": charge,
        "dispute": of_intent[-1] if of_intent else None,
        "refunds": refunds,
        "left": charge["amount"] - charge["amount_refunded"] if charge and charge["paid"] else 0,
    }


def _last(account: Account, kind: str) -> list[Obj]:
    return list(reversed(account.table(kind).values()))[:MOST_ROWS]
