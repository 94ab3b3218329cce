"""Disputes: opened by a payer's bank, money withdrawn and perhaps reinstated."""

from __future__ import annotations

from cornerspot.payments.standin.agenda import due
from cornerspot.payments.standin.balance import book
from cornerspot.payments.standin.blanks import blank
from cornerspot.payments.standin.calls import Call, operation
from cornerspot.payments.standin.errors import ApiRefusal
from cornerspot.payments.standin.events import emit
from cornerspot.payments.standin.money_rules import dispute_fee
from cornerspot.payments.standin.params import Range
from cornerspot.payments.standin.rendering import SHOWN, matching, page_of, shown
from cornerspot.payments.standin.state import Account, Obj, World
from cornerspot.payments.standin.tables import ONLY_EXPAND, TEXT, listing

DAYS_TO_ANSWER = 9
FINAL_REASONS = ("insufficient_funds", "incorrect_account_details", "bank_cannot_process", "debit_not_authorized")
OPEN = ("needs_response", "under_review")
INQUIRY = ("warning_needs_response", "warning_under_review")
_EVIDENCE_NAMES = """
    access_activity_log billing_address cancellation_policy cancellation_policy_disclosure cancellation_rebuttal
    customer_communication customer_email_address customer_name customer_purchase_ip customer_signature
    duplicate_charge_documentation duplicate_charge_explanation duplicate_charge_id product_description receipt
    refund_policy refund_policy_disclosure refund_refusal_explanation service_date service_documentation
    shipping_address shipping_carrier shipping_date shipping_documentation shipping_tracking_number uncategorized_file
    uncategorized_text
"""
_EVIDENCE: Obj = dict.fromkeys(_EVIDENCE_NAMES.split())


def open_dispute(
    world: World,
    account: Account,
    charge: Obj,
    *,
    amount: int | None = None,
    reason: str = "fraudulent",
    inquiry: bool = False,
) -> Obj:
    """A dispute over what is left of a charge; an inquiry moves no money, anything else withdraws it at once.

    A bank's own return (``insufficient_funds`` and the like) is lost from the start.
    """
    _require_disputable(account, charge)
    now = world.now()
    dispute: Obj = {
        **blank("dispute"),
        "id": world.new_id("dispute"),
        "amount": amount or charge["amount"] - charge["amount_refunded"],
        "charge": charge["id"],
        "created": now,
        "currency": charge["currency"],
        "evidence": {**_EVIDENCE, "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": now + DAYS_TO_ANSWER * 24 * 3600,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "is_charge_refundable": inquiry,
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "status": "warning_needs_response" if inquiry else "needs_response",
        "_balance_transactions": [],
    }
    if charge["_method"] == "card":
        details = {"brand": "visa", "case_type": "inquiry" if inquiry else "chargeback", "network": "visa",
                   "network_reason_code": "10.4"}  # fmt: skip
        dispute["payment_method_details"] = {"card": details, "type": "card"}
    world.put(account, dispute)
    charge.update(disputed=True)
    emit(world, account, "charge.dispute.created", dispute)
    if not inquiry:
        withdraw(world, account, dispute)
    if reason in FINAL_REASONS:
        close_dispute(world, account, dispute, won=False)
    return dispute


def _require_disputable(account: Account, charge: Obj) -> None:
    earlier = [one for one in account.table("dispute").values() if one["charge"] == charge["id"]]
    if charge["status"] != "succeeded" or any(one["status"] != "warning_closed" for one in earlier):
        raise ApiRefusal("Only a charge that succeeded can be disputed, and only once.", kept=False)


def withdraw(world: World, account: Account, dispute: Obj) -> None:
    """The disputed amount and a fee are taken from the balance; an inquiry becomes a dispute by this."""
    if dispute["_balance_transactions"]:
        raise ApiRefusal("The money of this dispute is already withdrawn.", kept=False)
    booked = book(
        world,
        account,
        kind="adjustment",
        amount=-dispute["amount"],
        currency=dispute["currency"],
        source=dispute["id"],
        category="dispute",
        fees=[("stripe_fee", dispute_fee(dispute["currency"]))],
        description=f"Chargeback withdrawal for {dispute['charge']}",
    )
    dispute["_balance_transactions"].append(booked["id"])
    escalated = dispute["status"] in INQUIRY
    dispute.update(status="needs_response", is_charge_refundable=False)
    account.get("charge", dispute["charge"])["_blocked"] = True
    if escalated:
        emit(world, account, "charge.dispute.updated", dispute)
    emit(world, account, "charge.dispute.funds_withdrawn", dispute)


def close_dispute(world: World, account: Account, dispute: Obj, *, won: bool) -> None:
    """The dispute is over: won gives the amount back (not the fee), lost keeps it, an inquiry just closes."""
    if dispute["status"] not in (*OPEN, *INQUIRY):
        raise ApiRefusal(f"This dispute is already closed ({dispute['status']}).", kept=False)
    if dispute["status"] in INQUIRY:
        dispute["status"] = "warning_closed"
    elif won:
        booked = book(
            world,
            account,
            kind="adjustment",
            amount=dispute["amount"],
            currency=dispute["currency"],
            source=dispute["id"],
            category="dispute_reversal",
            description=f"Chargeback reversal for {dispute['charge']}",
        )
        dispute["_balance_transactions"].append(booked["id"])
        dispute["status"] = "won"
        emit(world, account, "charge.dispute.funds_reinstated", dispute)
    else:
        dispute["status"] = "lost"
    emit(world, account, "charge.dispute.closed", dispute)


def review_dispute(world: World, account: Account, dispute: Obj) -> None:
    """Evidence was handed in; the bank looks at it."""
    if dispute["status"] not in ("needs_response", "warning_needs_response"):
        raise ApiRefusal(f"This dispute cannot be answered ({dispute['status']}).", kept=False)
    dispute["status"] = dispute["status"].replace("needs_response", "under_review")
    dispute["evidence_details"].update(has_evidence=True, submission_count=1, submission_method="manual")
    emit(world, account, "charge.dispute.updated", dispute)


@due("open_dispute")
def _open_later(world: World, account: Account, plan: Obj) -> None:
    charge = account.get("charge", plan["id"])
    if not charge["disputed"] and charge["amount_refunded"] < charge["amount"]:
        reason = charge["_dispute_later"]
        if reason == "inquiry":
            open_dispute(world, account, charge, reason="general", inquiry=True)
        else:
            open_dispute(world, account, charge, reason=reason)


@operation("GET", "/v1/disputes", listing(charge=TEXT, created=Range(), payment_intent=TEXT), "dispute_read")
def list_disputes(call: Call) -> Obj:
    """Disputes, newest first."""
    rows = matching(call.account.table("dispute").values(), call.params, "charge", "payment_intent")
    return page_of(call.account, rows, call.params, "/v1/disputes", "dispute")


@operation("GET", "/v1/disputes/<wanted>", ONLY_EXPAND, "dispute_read")
def read_dispute(call: Call) -> Obj:
    """One dispute."""
    return shown(call.account, call.account.get("dispute", call.args["wanted"]), call.expand)


@operation("POST", "/v1/disputes/<wanted>/close", ONLY_EXPAND, "dispute_write")
def accept_dispute(call: Call) -> Obj:
    """The dispute is given up: lost."""
    dispute = call.account.get("dispute", call.args["wanted"])
    if dispute["status"] not in (*OPEN, *INQUIRY):
        raise ApiRefusal("This dispute is already closed.", kept=False)
    if dispute["status"] in INQUIRY:
        raise ApiRefusal("An inquiry cannot be closed by you.", kept=False)
    close_dispute(call.world, call.account, dispute, won=False)
    return shown(call.account, dispute, call.expand)


def _balance_transactions(account: Account, dispute: Obj) -> list[Obj]:
    return [shown(account, account.get("balance_transaction", one)) for one in dispute["_balance_transactions"]]


SHOWN["dispute"] = {"balance_transactions": _balance_transactions}
