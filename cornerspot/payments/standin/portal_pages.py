"""The hosted billing portal: change the plan, cancel, resume, put another card on file, read invoices."""

from __future__ import annotations

from werkzeug.wrappers import Request, Response

from cornerspot.payments.standin import portal, subscriptions
from cornerspot.payments.standin.control import StandIn
from cornerspot.payments.standin.errors import ApiRefusal
from cornerspot.payments.standin.pages import message_page, page, render, see_other
from cornerspot.payments.standin.state import Account, Obj
from cornerspot.payments.standin.test_methods import CARDS, card_named


@page("GET", "/p/session/<session_id>")
def show_portal(standin: StandIn, request: Request, session_id: str) -> Response:
    """The customer's subscriptions and invoices."""
    account, session = standin.world.find("billing_portal.session", session_id)
    if portal.is_over(standin.world, session):
        return message_page("This link has expired", "Go back and open the portal again.", status=410,
                            link=session["return_url"])  # fmt: skip
    customer = account.get("customer", session["customer"])
    return render(
        "portal.html",
        account=account,
        session=session,
        customer=customer,
        features=account.get("billing_portal.configuration", session["configuration"])["features"],
        subscriptions=[_described(account, one) for one in _subscriptions(account, session)],
        plans=[_plan(account, price) for price in portal.plans_on_offer(account, session)],
        invoices=[one for one in reversed(account.table("invoice").values()) if one["customer"] == customer["id"]],
        cards=list(CARDS.values()),
        period_end=subscriptions.period_end,
        changed="changed" in request.args,
    )


@page("POST", "/p/session/<session_id>/<subscription_id>/<what>")
def change_subscription(
    standin: StandIn, request: Request, session_id: str, subscription_id: str, what: str
) -> Response:
    """The subscription as the customer wants it, as far as the configuration allows."""
    account, session = standin.world.find("billing_portal.session", session_id)
    subscription = next((one for one in _subscriptions(account, session) if one["id"] == subscription_id), None)
    if subscription is None or portal.is_over(standin.world, session):
        raise ApiRefusal("This link has expired. Go back and open the portal again.", status=410)
    with standin.acting():
        _change(standin, account, session, subscription, what, request)
    return see_other(f"/p/session/{session_id}?changed")


def _change(standin: StandIn, account: Account, session: Obj, subscription: Obj, what: str, request: Request) -> None:
    world = standin.world
    features = account.get("billing_portal.configuration", session["configuration"])["features"]
    if what == "plan":
        wanted = request.form.get("price", "")
        price = next((one for one in portal.plans_on_offer(account, session) if one["id"] == wanted), None)
        if price is None:
            raise ApiRefusal("This plan is not on offer.")
        subscriptions.change_plan(world, account, subscription, subscription["items"]["data"][0], price)
    elif what == "cancel" and features["subscription_cancel"]["enabled"]:
        if features["subscription_cancel"]["mode"] == "immediately":
            subscriptions.end_subscription(world, account, subscription)
        else:
            subscriptions.set_cancel_at_period_end(world, account, subscription, True)
    elif what == "resume":
        subscriptions.set_cancel_at_period_end(world, account, subscription, False)
    elif what == "card":
        subscriptions.put_card(world, account, subscription, card_named(request.form.get("number", "")))
    else:
        raise ApiRefusal("The portal does not allow that.")


def _subscriptions(account: Account, session: Obj) -> list[Obj]:
    return [
        one
        for one in account.table("subscription").values()
        if one["customer"] == session["customer"] and one["status"] not in subscriptions.ENDED
    ]


def _described(account: Account, subscription: Obj) -> Obj:
    return {"subscription": subscription, "plan": _plan(account, subscription["items"]["data"][0]["price"])}


def _plan(account: Account, price: Obj) -> Obj:
    return {"price": price, "name": account.get("product", price["product"])["name"]}
