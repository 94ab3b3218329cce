"""Refunds: by the API and in the Dashboard; at once for cards, some days later for bank payments."""

from __future__ import annotations

from cornerspot.payments.standin.agenda import drop_plans, due
from cornerspot.payments.standin.balance import book
from cornerspot.payments.standin.calls import Call, operation
from cornerspot.payments.standin.clock import business_days_later
from cornerspot.payments.standin.customers import merged
from cornerspot.payments.standin.errors import ApiRefusal, invalid
from cornerspot.payments.standin.events import emit
from cornerspot.payments.standin.money_rules import require_payable_units
from cornerspot.payments.standin.params import Pairs, Shape
from cornerspot.payments.standin.rendering import matching, page_of, shown
from cornerspot.payments.standin.state import Account, Obj, World
from cornerspot.payments.standin.tables import EXPAND, ONLY_EXPAND, REFUND, REFUNDS

CLEARING_DAYS = 3
LONGEST_BANK_REFUND_SECONDS = 180 * 24 * 3600
DEAD = ("failed", "canceled")


@operation("POST", "/v1/refunds", REFUND, "charge_write")
def create_refund(call: Call) -> Obj:
    """A refund of all that is left of a charge, or of the amount given."""
    params = call.params
    if not ("charge" in params or "payment_intent" in params):
        raise invalid("One of the following params should be provided for this request: payment_intent or charge.",
                      code="parameter_missing")  # fmt: skip
    if params.get("refund_application_fee") and not call.on_connected_account:
        raise invalid("There is no application fee to refund here.", "refund_application_fee")
    charge = _charge(call.account, params)
    refund = make_refund(
        call.world,
        call.account,
        charge,
        params.get("amount"),
        reason=params.get("reason"),
        metadata=params.get("metadata", {}),
        request=call.request,
    )
    return shown(call.account, refund, call.expand)


@operation("GET", "/v1/refunds", REFUNDS, "charge_read")
def list_refunds(call: Call) -> Obj:
    """Refunds, newest first."""
    rows = matching(call.account.table("refund").values(), call.params, "charge", "payment_intent")
    return page_of(call.account, rows, call.params, "/v1/refunds", "refund")


@operation("GET", "/v1/refunds/<wanted>", ONLY_EXPAND, "charge_read")
def read_refund(call: Call) -> Obj:
    """One refund."""
    return shown(call.account, call.account.get("refund", call.args["wanted"]), call.expand)


@operation("POST", "/v1/refunds/<wanted>", Shape({"expand": EXPAND, "metadata": Pairs()}), "charge_write")
def update_refund(call: Call) -> Obj:
    """The refund with other metadata."""
    refund = call.account.get("refund", call.args["wanted"])
    refund["metadata"] = merged(refund["metadata"], call.params, call.raw)
    emit(call.world, call.account, "refund.updated", refund, request=call.request)
    return shown(call.account, refund, call.expand)


def make_refund(
    world: World,
    account: Account,
    charge: Obj,
    amount: int | None = None,
    *,
    reason: str | None = None,
    metadata: Obj | None = None,
    request: Obj | None = None,
) -> Obj:
    """The refund, taken from the balance: succeeded for a card, pending for a bank payment."""
    amount = _require_refundable(world, charge, amount)
    by_card = charge["_method"] == "card"
    takes_days = world.card_refund_days if by_card else CLEARING_DAYS
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    refund_id = world.new_id("refund") if by_card else "pyr_" + world.token(24)
    booked = _take_from_balance(world, account, charge, refund_id, amount)
    refund: Obj = {
        "id": refund_id,
        "object": "refund",
        "amount": amount,
        "balance_transaction": booked["id"],
        "charge": charge["id"],
        "created": world.now(),
        "currency": charge["currency"],
        "destination_details": {"card": {"type": "refund"}, "type": "card"} if by_card else _to_bank(charge),
        "metadata": metadata or {},
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "pending" if takes_days else "succeeded",
        "transfer_reversal": None,
    }
    if takes_days:
        refund["pending_reason"] = "processing"
        world.plan(business_days_later(world.now(), takes_days), "settle_refund", account, refund_id)
    world.put(account, refund)
    emit(world, account, "refund.created", refund, request=request)
    emit(world, account, "charge.refunded", charge, request=request)
    return refund


def _take_from_balance(world: World, account: Account, charge: Obj, refund_id: str, amount: int) -> Obj:
    return book(
        world,
        account,
        kind="refund" if charge["_method"] == "card" else "payment_refund",
        amount=-amount,
        currency=charge["currency"],
        source=refund_id,
        category="refund",
        description="REFUND FOR CHARGE",
    )


def fail_refund(world: World, account: Account, refund: Obj, reason: str = "lost_or_stolen_card") -> None:
    """The payer's bank has sent the money back: the refund failed and the balance has it again."""
    if refund["status"] in DEAD:
        raise ApiRefusal(f"This refund is already {refund['status']}.", kept=False)
    charge = account.get("charge", refund["charge"])
    booked = book(
        world,
        account,
        kind="refund_failure" if charge["_method"] == "card" else "payment_failure_refund",
        amount=refund["amount"],
        currency=refund["currency"],
        source=refund["id"],
        category="refund_failure",
        description="REFUND FAILURE",
    )
    refund.update(status="failed", failure_reason=reason, failure_balance_transaction=booked["id"])
    refund.pop("pending_reason", None)
    charge["amount_refunded"] -= refund["amount"]
    charge["refunded"] = False
    drop_plans(world, "settle_refund", refund["id"])
    emit(world, account, "refund.updated", refund)
    emit(world, account, "refund.failed", refund)


@due("settle_refund")
def settle_refund(world: World, account: Account, plan: Obj) -> None:
    """The bank has taken the refund."""
    refund = account.get("refund", plan["id"])
    if refund["status"] == "pending":
        refund["status"] = "succeeded"
        refund.pop("pending_reason", None)
        emit(world, account, "refund.updated", refund, before={"status": "pending"})


def _to_bank(charge: Obj) -> Obj:
    if charge["_method"] == "us_bank_account":
        return {"type": "us_bank_transfer", "us_bank_transfer": {"reference_status": "pending"}}
    return {"type": charge["_method"]}


def _charge(account: Account, params: Obj) -> Obj:
    if "charge" in params:
        charge = account.get("charge", params["charge"], "charge")
        if params.get("payment_intent", charge["payment_intent"]) != charge["payment_intent"]:
            raise invalid("The charge does not belong to the payment_intent.", "charge")
    else:
        intent = account.get("payment_intent", params["payment_intent"], "payment_intent")
        if not intent["latest_charge"] or intent["status"] != "succeeded":
            raise invalid(
                f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.",
                "payment_intent",
                code="payment_intent_unexpected_state",
            )
        charge = account.get("charge", intent["latest_charge"])
    if charge["status"] != "succeeded":
        raise invalid(f"Charge {charge['id']} has not succeeded, so it cannot be refunded.", "charge")
    return charge


def _require_refundable(world: World, charge: Obj, amount: int | None) -> int:
    """What will be refunded; refuses more than is left, disputed charges, and part of an ACH payment."""
    left = charge["amount"] - charge["amount_refunded"]
    if charge.get("_blocked"):
        raise ApiRefusal(f"Charge {charge['id']} has been charged back; cannot issue a refund.",
                         code="charge_disputed", kept=False)  # fmt: skip
    if left <= 0:
        raise ApiRefusal(
            f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded", kept=False
        )
    wanted = left if amount is None else amount
    require_payable_units(wanted, charge["currency"], "amount")
    if wanted > left:
        raise invalid(f"Refund amount ({wanted}) is greater than unrefunded amount on charge ({left}).", "amount")
    if charge["_method"] == "us_bank_account":
        if wanted != charge["amount"]:
            raise invalid("Partial refunds are not supported for ACH Direct Debit payments.", "amount")
        if world.now() - charge["created"] > LONGEST_BANK_REFUND_SECONDS:
            raise invalid("ACH Direct Debit payments can be refunded for 180 days.", "charge")
    return wanted
