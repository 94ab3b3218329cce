"""Charges: the tries to take the money, and what became of each."""

from __future__ import annotations

from cornerspot.payments.standin.agenda import due
from cornerspot.payments.standin.balance import book
from cornerspot.payments.standin.blanks import blank
from cornerspot.payments.standin.calls import Call, operation
from cornerspot.payments.standin.events import emit
from cornerspot.payments.standin.money_rules import charge_fee
from cornerspot.payments.standin.params import Range
from cornerspot.payments.standin.payment_methods import method_details, new_method
from cornerspot.payments.standin.rendering import SHOWN_WHEN_EXPANDED, matching, page_of, shown, whole_list
from cornerspot.payments.standin.state import Account, Obj, World
from cornerspot.payments.standin.tables import ONLY_EXPAND, TEXT, listing
from cornerspot.payments.standin.test_methods import BANKS, FAILURES, Card

RETURNED_AFTER_SECONDS = 3 * 24 * 3600


def new_charge(
    world: World, account: Account, intent: Obj, method: str, *, card: Card | None = None, bank: str | None = None
) -> Obj:
    """A pending charge, the latest of its intent."""
    payment_method = new_method(world, account, method, intent["customer"], card=card, bank=bank)
    customer = account.table("customer").get(intent["customer"] or "", {})
    charge_id = world.new_id("charge")
    if method != "card":
        charge_id = "py_" + charge_id.removeprefix("ch_")
    charge = world.put(
        account,
        {
            **blank("charge"),
            "id": charge_id,
            "amount": intent["amount"],
            "application": intent["application"],
            "application_fee_amount": intent["application_fee_amount"],
            "billing_details": payment_method["billing_details"],
            "calculated_statement_descriptor": account.name[:22].upper(),
            "created": world.now(),
            "currency": intent["currency"],
            "customer": intent["customer"],
            "description": intent["description"],
            "metadata": dict(intent["metadata"]),
            "payment_intent": intent["id"],
            "payment_method": payment_method["id"],
            "payment_method_details": method_details(payment_method),
            "receipt_email": intent["receipt_email"] or customer.get("email"),
            "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
            "transfer_group": intent["transfer_group"],
            "_method": method,
        },
    )
    intent.update(latest_charge=charge_id, payment_method=payment_method["id"])
    if method != "card":
        emit(world, account, "charge.pending", charge)
    return charge


def capture(world: World, account: Account, intent: Obj, charge: Obj) -> None:
    """The money is taken: charge and intent have succeeded. The fee is known at once, or after ``fee_delay``."""
    charge.update(status="succeeded", paid=True, captured=True, amount_captured=charge["amount"])
    charge["receipt_url"] = f"{world.public_url}/receipts/{charge['id']}"
    charge["outcome"] = _outcome("authorized", "approved_by_network", "Payment complete.")
    intent.update(
        status="succeeded",
        amount_received=charge["amount"],
        next_action=None,
        last_payment_error=None,
        latest_charge=charge["id"],
    )
    if world.fee_delay_seconds:
        world.plan(world.now() + world.fee_delay_seconds, "book_charge", account, charge["id"])
    else:
        _book(world, account, charge)
    emit(world, account, "charge.succeeded", charge)
    emit(world, account, "payment_intent.succeeded", intent)


def refuse(
    world: World, account: Account, intent: Obj, charge: Obj, code: str, decline_code: str | None, message: str
) -> None:
    """The charge has failed and the intent waits for another payment method."""
    charge.update(status="failed", paid=False, failure_code=code, failure_message=message)
    charge["outcome"] = _outcome("issuer_declined", "declined_by_network", message, reason=decline_code or code)
    error = {
        "charge": charge["id"],
        "code": code,
        "doc_url": f"https://docs.stripe.com/error-codes/{code.replace('_', '-')}",
        "message": message,
        "payment_method": shown(account, account.get("payment_method", charge["payment_method"])),
        "type": "card_error" if charge["_method"] == "card" else "invalid_request_error",
    }
    if decline_code is not None:
        error["decline_code"] = decline_code
    intent.update(status="requires_payment_method", last_payment_error=error, next_action=None, payment_method=None)
    emit(world, account, "charge.failed", charge)
    emit(world, account, "payment_intent.payment_failed", intent)


@due("settle_debit")
def settle_debit(world: World, account: Account, plan: Obj) -> None:
    """The bank has answered: the debit succeeded or failed, and the session says so."""
    intent = account.get("payment_intent", plan["id"])
    if intent["status"] != "processing":
        return
    charge = account.get("charge", intent["latest_charge"])
    session = account.get("checkout.session", intent["_session"])
    bank = BANKS[intent["_bank"]]
    if bank.fails_with is not None:
        refuse(world, account, intent, charge, bank.fails_with, None, FAILURES[bank.fails_with])
        emit(world, account, "checkout.session.async_payment_failed", session)
    else:
        capture(world, account, intent, charge)
        session["payment_status"] = "paid"
        emit(world, account, "checkout.session.async_payment_succeeded", session)
        if bank.disputed is not None:
            charge["_dispute_later"] = bank.disputed
            world.plan(world.now() + RETURNED_AFTER_SECONDS, "open_dispute", account, charge["id"])


@due("book_charge")
def _book_late(world: World, account: Account, plan: Obj) -> None:
    charge = account.get("charge", plan["id"])
    _book(world, account, charge)
    emit(world, account, "charge.updated", charge, before={"balance_transaction": None})


def _book(world: World, account: Account, charge: Obj) -> None:
    fees = [("stripe_fee", charge_fee(charge["amount"], charge["currency"], charge["_method"]))]
    if charge["application_fee_amount"]:
        fees.append(("application_fee", charge["application_fee_amount"]))
        charge["application_fee"] = _application_fee(world, account, charge)
    booked = book(
        world,
        account,
        kind="charge" if charge["_method"] == "card" else "payment",
        amount=charge["amount"],
        currency=charge["currency"],
        source=charge["id"],
        category="charge",
        fees=fees,
        description=charge["description"],
    )
    charge["balance_transaction"] = booked["id"]


def _application_fee(world: World, account: Account, charge: Obj) -> str:
    """The platform's share, an object on the platform's account."""
    platform = world.accounts[account.get("payment_intent", charge["payment_intent"])["_platform"]]
    fee_id = world.new_id("application_fee")
    booked = book(
        world,
        platform,
        kind="application_fee",
        amount=charge["application_fee_amount"],
        currency=charge["currency"],
        source=fee_id,
        category="platform_earning",
    )
    fee = world.put(
        platform,
        {
            "id": fee_id,
            "object": "application_fee",
            "account": account.id,
            "amount": charge["application_fee_amount"],
            "amount_refunded": 0,
            "application": platform.client_id,
            "balance_transaction": booked["id"],
            "charge": charge["id"],
            "created": world.now(),
            "currency": charge["currency"],
            "fee_source": {"charge": charge["id"], "type": "charge"},
            "livemode": False,
            "originating_transaction": None,
            "refunded": False,
            "refunds": whole_list([], f"/v1/application_fees/{fee_id}/refunds"),
        },
    )
    emit(world, platform, "application_fee.created", fee)
    return fee_id


def _outcome(kind: str, network: str, said: str, *, reason: str | None = None) -> Obj:
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": network,
        "reason": reason,
        "risk_level": "normal",
        "seller_message": said,
        "type": kind,
    }


@operation("GET", "/v1/charges", listing(created=Range(), customer=TEXT, payment_intent=TEXT), "charge_read")
def list_charges(call: Call) -> Obj:
    """Charges, newest first."""
    rows = matching(call.account.table("charge").values(), call.params, "customer", "payment_intent")
    return page_of(call.account, rows, call.params, "/v1/charges", "charge")


@operation("GET", "/v1/charges/<wanted>", ONLY_EXPAND, "charge_read")
def read_charge(call: Call) -> Obj:
    """One charge."""
    return shown(call.account, call.account.get("charge", call.args["wanted"]), call.expand)


def _refunds(account: Account, charge: Obj) -> Obj:
    rows = [one for one in account.table("refund").values() if one["charge"] == charge["id"]]
    return whole_list([shown(account, one) for one in reversed(rows)][:10], f"/v1/charges/{charge['id']}/refunds")


SHOWN_WHEN_EXPANDED["charge"] = {"refunds": _refunds}
