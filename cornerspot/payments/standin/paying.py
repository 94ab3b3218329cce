"""Paying: what happens when somebody pays an open session with a test card or a test bank account."""

from __future__ import annotations

from cornerspot.payments.standin.agenda import drop_plans
from cornerspot.payments.standin.charges import capture, new_charge, refuse
from cornerspot.payments.standin.clock import business_days_later
from cornerspot.payments.standin.customers import new_customer
from cornerspot.payments.standin.errors import ApiRefusal, invalid
from cornerspot.payments.standin.events import emit
from cornerspot.payments.standin.money_rules import BANK_METHODS
from cornerspot.payments.standin.payment_intents import new_intent
from cornerspot.payments.standin.state import Account, Obj, World
from cornerspot.payments.standin.subscriptions import start_subscription
from cornerspot.payments.standin.test_methods import Bank, Card

CLEARING_DAYS = 4
MICRODEPOSIT_DAYS = 2


def require_open(world: World, session: Obj) -> None:
    """Refuse a session that is paid, expired, or past its time."""
    if session["status"] != "open" or session["expires_at"] <= world.now():
        raise ApiRefusal(f"This Checkout Session is no longer open; it is {session['status']}.", kept=False)


def pay_with_card(
    world: World, account: Account, session: Obj, card: Card, *, authenticated: bool | None = None
) -> Obj | None:
    """The session is paid, or its intent says why not. Returns the intent, None for a subscription.

    ``authenticated`` is the payer's answer in the 3-D Secure step; None has not been asked yet.
    """
    require_open(world, session)
    if session["mode"] == "subscription":
        _subscribe(world, account, session, card)
        return None
    if "card" not in session["payment_method_types"]:
        raise invalid("This session does not take cards.", "payment_method")
    intent = _intent(world, account, session)
    if card.asks_3ds and authenticated is None:
        step = {"type": "redirect_to_url", "redirect_to_url": {"url": f"{session['url']}/3ds", "return_url": None}}
        intent.update(status="requires_action", next_action=step, last_payment_error=None)
        emit(world, account, "payment_intent.requires_action", intent)
        return intent
    charge = new_charge(world, account, intent, "card", card=card)
    if card.asks_3ds and not authenticated:
        refuse(world, account, intent, charge, "payment_intent_authentication_failure", None, _NOT_AUTHENTICATED)
    elif card.code is not None:
        refuse(world, account, intent, charge, card.code, card.decline_code, card.message)
    else:
        capture(world, account, intent, charge)
        if card.disputed is not None:
            charge["_dispute_later"] = card.disputed
            world.plan(world.now() + DISPUTED_AFTER_SECONDS, "open_dispute", account, charge["id"])
        _complete(world, account, session, "paid", intent)
    return intent


_NOT_AUTHENTICATED = (
    "We are unable to authenticate your payment method. Please choose a different payment method and try again."
)
DISPUTED_AFTER_SECONDS = 7 * 24 * 3600


def charge_saved_card(world: World, account: Account, session: Obj, card: Card) -> Obj:
    """A program of the account charges the payer's card without the payer, for what the session is for.

    The session knows nothing of it. Returns the intent.
    """
    intent = new_intent(world, account, session)
    intent["_session"] = None
    capture(world, account, intent, new_charge(world, account, intent, "card", card=card))
    return intent


def pay_by_bank(world: World, account: Account, session: Obj, bank: Bank) -> Obj:
    """A bank debit is on its way: the session is complete and unpaid until it clears. Returns the intent."""
    require_open(world, session)
    method = next((one for one in session["payment_method_types"] if one in BANK_METHODS), None)
    if method is None or session["mode"] != "payment":
        raise invalid("This session does not take bank debits.", "payment_method")
    intent = _intent(world, account, session)
    intent["_bank"] = bank.name
    intent["_method"] = method
    if bank.microdeposits:
        arrival = business_days_later(world.now(), MICRODEPOSIT_DAYS)
        step = {
            "type": "verify_with_microdeposits",
            "verify_with_microdeposits": {
                "arrival_date": arrival,
                "hosted_verification_url": f"{world.public_url}/c/microdeposits/{intent['id']}",
                "microdeposit_type": "amounts",
            },
        }
        intent.update(status="requires_action", next_action=step)
        emit(world, account, "payment_intent.requires_action", intent)
    else:
        send_debit(world, account, intent)
    _complete(world, account, session, "unpaid", intent)
    return intent


def send_debit(world: World, account: Account, intent: Obj) -> None:
    """The debit is with the bank; the answer comes in four business days."""
    new_charge(world, account, intent, intent["_method"], bank=intent["_bank"])
    intent.update(status="processing", next_action=None, last_payment_error=None)
    emit(world, account, "payment_intent.processing", intent)
    world.plan(business_days_later(world.now(), CLEARING_DAYS), "settle_debit", account, intent["id"])


def verify_microdeposits(world: World, account: Account, intent: Obj) -> None:
    """The payer has confirmed the two small deposits; the debit is sent."""
    if intent["status"] != "requires_action":
        raise ApiRefusal("This PaymentIntent does not wait for micro-deposits.", kept=False)
    send_debit(world, account, intent)


def _intent(world: World, account: Account, session: Obj) -> Obj:
    """The session's intent: made at the first try, used again after a decline."""
    if session["payment_intent"]:
        return account.get("payment_intent", session["payment_intent"])
    intent = new_intent(world, account, session)
    session["payment_intent"] = intent["id"]
    return intent


def _subscribe(world: World, account: Account, session: Obj, card: Card) -> None:
    if card.code is not None:
        raise ApiRefusal(card.message, status=402, kind="card_error", code=card.code, decline_code=card.decline_code)
    if session["customer"] is None:
        details = {"email": session["customer_email"] or "payer@example.test"}
        session["customer"] = new_customer(world, account, details)["id"]
    subscription = start_subscription(world, account, session, card)
    session.update(subscription=subscription["id"], invoice=subscription["latest_invoice"])
    _complete(world, account, session, "paid" if session["amount_total"] else "no_payment_required", None)


def _complete(world: World, account: Account, session: Obj, payment_status: str, intent: Obj | None) -> None:
    customer = account.table("customer").get(session["customer"] or "", {})
    session.update(status="complete", payment_status=payment_status, url=None)
    session["customer_details"] = {
        "address": customer.get("address"),
        "business_name": None,
        "email": customer.get("email") or session["customer_email"] or "payer@example.test",
        "individual_name": None,
        "name": customer.get("name"),
        "phone": customer.get("phone"),
        "tax_exempt": customer.get("tax_exempt") or "none",
        "tax_ids": [],
    }
    if intent is not None:
        intent["_session"] = session["id"]
    drop_plans(world, "expire_session", session["id"])
    emit(world, account, "checkout.session.completed", session)
