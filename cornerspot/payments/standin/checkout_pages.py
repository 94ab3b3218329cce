"""The hosted checkout page: pay by card or bank, the 3-D Secure step, and what it says when it is too late."""

from __future__ import annotations

from urllib.parse import quote

from werkzeug.wrappers import Request, Response

from cornerspot.payments.standin import paying
from cornerspot.payments.standin.control import StandIn
from cornerspot.payments.standin.errors import ApiRefusal
from cornerspot.payments.standin.money_rules import BANK_METHODS
from cornerspot.payments.standin.pages import message_page, page, render, see_other
from cornerspot.payments.standin.state import Account, Obj
from cornerspot.payments.standin.test_methods import BANKS, CARDS, bank_named, card_named

PAGE_WAITS_SECONDS = 5  # Stripe waits up to ten for the webhook's answer before it sends the payer back.
BANK_NAMES = {
    "us_bank_account": "US bank account (ACH)",
    "sepa_debit": "SEPA Direct Debit",
    "bacs_debit": "Bacs Direct Debit",
    "acss_debit": "Canadian pre-authorised debit",
    "au_becs_debit": "BECS Direct Debit",
}


@page("GET", "/c/pay/<session_id>")
def show_checkout(standin: StandIn, _request: Request, session_id: str) -> Response:
    """The page to pay on; or that this was paid, or has expired."""
    account, session = standin.world.find("checkout.session", session_id)
    return _too_late(session) or _checkout(account, session)


@page("POST", "/c/pay/<session_id>/card")
def pay_card(standin: StandIn, request: Request, session_id: str) -> Response:
    """Paid and sent back; or asked for 3-D Secure; or the page again with what went wrong."""
    account, session = standin.world.find("checkout.session", session_id)
    if late := _too_late(session):
        return late
    try:
        card = card_named(request.form.get("test_card") or request.form.get("number", ""))
        with standin.acting():
            intent = paying.pay_with_card(standin.world, account, session, card)
    except ApiRefusal as refusal:
        return _too_late(session) or _checkout(account, session, problem=refusal.message)
    if intent is not None and intent["status"] == "requires_action":
        intent["_card"] = card.number
        return see_other(f"/c/pay/{session_id}/3ds")
    if intent is not None and intent["status"] == "requires_payment_method":
        return _checkout(account, session, problem=intent["last_payment_error"]["message"])
    return _back(standin, session)


@page("GET", "/c/pay/<session_id>/3ds")
def show_three_d_secure(standin: StandIn, _request: Request, session_id: str) -> Response:
    """The payer's bank asks whether it is them."""
    account, session = standin.world.find("checkout.session", session_id)
    return _too_late(session) or render("three_d_secure.html", account=account, session=session)


@page("POST", "/c/pay/<session_id>/3ds")
def answer_three_d_secure(standin: StandIn, request: Request, session_id: str) -> Response:
    """Confirmed and sent back, or the page again."""
    account, session = standin.world.find("checkout.session", session_id)
    if late := _too_late(session):
        return late
    intent = account.get("payment_intent", session["payment_intent"] or "")
    card = card_named(intent.get("_card", ""))
    confirmed = request.form.get("answer") == "complete"
    with standin.acting():
        paying.pay_with_card(standin.world, account, session, card, authenticated=confirmed)
    if intent["status"] != "succeeded":
        return _checkout(account, session, problem=intent["last_payment_error"]["message"])
    return _back(standin, session)


@page("POST", "/c/pay/<session_id>/bank")
def pay_bank(standin: StandIn, request: Request, session_id: str) -> Response:
    """The debit is on its way, and the payer is sent back."""
    account, session = standin.world.find("checkout.session", session_id)
    if late := _too_late(session):
        return late
    try:
        with standin.acting():
            paying.pay_by_bank(standin.world, account, session, bank_named(request.form.get("bank", "")))
    except ApiRefusal as refusal:
        return _too_late(session) or _checkout(account, session, problem=refusal.message)
    return _back(standin, session)


def _checkout(account: Account, session: Obj, problem: str | None = None) -> Response:
    bank = next((method for method in session["payment_method_types"] if method in BANK_METHODS), None)
    return render(
        "checkout.html",
        402 if problem else 200,
        account=account,
        session=session,
        customer=account.table("customer").get(session["customer"] or "", {}),
        problem=problem,
        cards=list(CARDS.values()),
        banks=[one for one in BANKS.values() if bank == "us_bank_account" or not one.microdeposits],
        bank_name=BANK_NAMES.get(bank or "") if session["mode"] == "payment" else None,
        trial_days=session["_subscription_data"].get("trial_period_days"),
        expires_at=session["expires_at"],
    )


def _too_late(session: Obj) -> Response | None:
    if session["status"] == "complete":
        title = "This has been paid" if session["payment_status"] != "unpaid" else "This payment is under way"
        return message_page(title, "You can close this page.", link=_return_url(session))
    if session["status"] == "expired":
        return message_page(
            "This checkout page has expired",
            "Nothing was charged. Go back and start the payment again.",
            status=410,
            link=session["cancel_url"],
        )
    return None


def _back(standin: StandIn, session: Obj) -> Response:
    standin.wait_until_told(session["id"], PAGE_WAITS_SECONDS)
    return see_other(_return_url(session))


def _return_url(session: Obj) -> str:
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", quote(session["id"]))
