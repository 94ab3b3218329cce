"""Payouts: what is available on an account goes to its bank."""

from __future__ import annotations

from cornerspot.payments.standin.balance import book, refresh
from cornerspot.payments.standin.calls import Call, operation
from cornerspot.payments.standin.events import emit
from cornerspot.payments.standin.params import Range
from cornerspot.payments.standin.rendering import matching, page_of, shown
from cornerspot.payments.standin.state import Account, Obj, World
from cornerspot.payments.standin.tables import ONLY_EXPAND, TEXT, listing


def pay_out(world: World, account: Account) -> Obj | None:
    """A paid payout of all that is available in the account's own currency; None when there is nothing."""
    rows = refresh(world, list(account.table("balance_transaction").values()))
    amount = sum(row["net"] for row in rows if row["status"] == "available" and row["currency"] == account.currency)
    if amount <= 0:
        return None
    payout_id = world.new_id("payout")
    booked = book(
        world,
        account,
        kind="payout",
        amount=-amount,
        currency=account.currency,
        source=payout_id,
        category="payout",
        description="STRIPE PAYOUT",
    )
    booked["available_on"] = world.now()
    payout = world.put(account, _payout(world, account, payout_id, amount, booked["id"]))
    emit(world, account, "payout.created", payout)
    emit(world, account, "payout.paid", payout)
    return payout


def _payout(world: World, account: Account, payout_id: str, amount: int, booked: str) -> Obj:
    return {
        "id": payout_id,
        "object": "payout",
        "amount": amount,
        "application_fee": None,
        "application_fee_amount": None,
        "arrival_date": world.now(),
        "automatic": True,
        "balance_transaction": booked,
        "created": world.now(),
        "currency": account.currency,
        "description": "STRIPE PAYOUT",
        "destination": None,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": {},
        "method": "standard",
        "original_payout": None,
        "payout_method": None,
        "reconciliation_status": "completed",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": None,
        "status": "paid",
        "trace_id": None,
        "type": "bank_account",
    }


@operation("GET", "/v1/payouts", listing(created=Range(), status=TEXT), "payout_read")
def list_payouts(call: Call) -> Obj:
    """Payouts, newest first."""
    rows = matching(call.account.table("payout").values(), call.params, "status")
    return page_of(call.account, rows, call.params, "/v1/payouts", "payout")


@operation("GET", "/v1/payouts/<wanted>", ONLY_EXPAND, "payout_read")
def read_payout(call: Call) -> Obj:
    """One payout."""
    return shown(call.account, call.account.get("payout", call.args["wanted"]), call.expand)
