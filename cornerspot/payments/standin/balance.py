"""Balance transactions: what moved on an account, and what Stripe kept of it."""

from __future__ import annotations

from cornerspot.payments.standin.calls import Call, operation
from cornerspot.payments.standin.rendering import matching, page_of, shown
from cornerspot.payments.standin.state import Account, Obj, World
from cornerspot.payments.standin.tables import BALANCE_TRANSACTIONS, ONLY_EXPAND

DAYS_UNTIL_AVAILABLE = 2
DAY = 24 * 3600


def book(
    world: World,
    account: Account,
    *,
    kind: str,
    amount: int,
    currency: str,
    source: str,
    category: str,
    fees: list[tuple[str, int]] | None = None,
    description: str | None = None,
) -> Obj:
    """A balance transaction: the amount moved, less its fees (pairs of kind and amount)."""
    details = [
        {"amount": fee, "application": None, "currency": currency, "description": _said(fee_kind), "type": fee_kind}
        for fee_kind, fee in fees or []
        if fee
    ]
    fee = sum(fee for _, fee in fees or [])
    now = world.now()
    return world.put(
        account,
        {
            "id": world.new_id("balance_transaction"),
            "object": "balance_transaction",
            "amount": amount,
            "available_on": now + DAYS_UNTIL_AVAILABLE * DAY,
            "balance_type": "payments",
            "created": now,
            "currency": currency,
            "description": description,
            "exchange_rate": None,
            "fee": fee,
            "fee_details": details,
            "net": amount - fee,
            "reporting_category": category,
            "source": source,
            "status": "pending",
            "type": kind,
        },
    )


def _said(kind: str) -> str:
    return {"stripe_fee": "Stripe processing fees", "application_fee": "Application fee"}.get(kind, "Dispute fee")


def refresh(world: World, rows: list[Obj]) -> list[Obj]:
    """The transactions, marked available once their day has come."""
    for row in rows:
        row["status"] = "available" if row["available_on"] <= world.now() else "pending"
    return rows


@operation("GET", "/v1/balance_transactions", BALANCE_TRANSACTIONS, "balance_read")
def list_balance_transactions(call: Call) -> Obj:
    """Balance transactions, newest first."""
    rows = matching(call.account.table("balance_transaction").values(), call.params, "currency", "source", "type")
    refresh(call.world, rows)
    return page_of(call.account, rows, call.params, "/v1/balance_transactions", "balance_transaction")


@operation("GET", "/v1/balance_transactions/<wanted>", ONLY_EXPAND, "balance_read")
def read_balance_transaction(call: Call) -> Obj:
    """One balance transaction."""
    row = call.account.get("balance_transaction", call.args["wanted"])
    refresh(call.world, [row])
    return shown(call.account, row, call.expand)


@operation("GET", "/v1/balance", ONLY_EXPAND, "balance_read")
def read_balance(call: Call) -> Obj:
    """What is available and what is on its way, by currency."""
    rows = refresh(call.world, list(call.account.table("balance_transaction").values()))
    sums: dict[str, dict[str, int]] = {"available": {}, "pending": {}}
    for row in rows:
        amounts = sums[row["status"]]
        amounts[row["currency"]] = amounts.get(row["currency"], 0) + row["net"]
    listed = {
        status: [{"amount": amount, "currency": currency} for currency, amount in amounts.items()]
        or [{"amount": 0, "currency": call.account.currency}]
        for status, amounts in sums.items()
    }
    return {"object": "balance", "livemode": False, **listed}
