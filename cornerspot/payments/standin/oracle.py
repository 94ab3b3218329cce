"""The oracle: what really moved on an account, read off its balance transactions alone."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from cornerspot.payments.standin.state import Account, Obj


@dataclass(frozen=True)
class Moved:
    """The money of one payment intent, in the currency's smallest unit; every part is positive."""

    payment_intent: str
    currency: str
    captured: int = 0
    refunded: int = 0
    refund_returned: int = 0
    withdrawn: int = 0
    reinstated: int = 0
    fees: int = 0
    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def net(self) -> int:
        """What the payer has paid for good, before fees."""
        return self.captured - self.refunded + self.refund_returned - self.withdrawn + self.reinstated


# The part of Moved that each kind of balance transaction adds to.
_PART_OF = {
    "charge": "captured",
    "payment": "captured",
    "refund": "refunded",
    "payment_refund": "refunded",
    "refund_failure": "refund_returned",
    "payment_failure_refund": "refund_returned",
}


def money_moved(account: Account) -> dict[str, Moved]:
    """What moved, by payment intent; intents without any money are left out."""
    moved: dict[str, Moved] = {}
    for row in account.table("balance_transaction").values():
        intent_id = _intent_of(account, row["source"])
        if intent_id is None:
            continue
        intent = account.get("payment_intent", intent_id)
        sums = moved.get(intent_id) or Moved(intent_id, row["currency"], metadata=dict(intent["metadata"]))
        part = _part(row)
        changed = {part: getattr(sums, part) + abs(row["amount"])}
        moved[intent_id] = replace(sums, fees=sums.fees + row["fee"], **changed)
    return moved


def _part(row: Obj) -> str:
    if row["type"] == "adjustment":
        return "withdrawn" if row["amount"] < 0 else "reinstated"
    return _PART_OF[row["type"]]


def _intent_of(account: Account, source: str) -> str | None:
    for kind in ("charge", "refund", "dispute"):
        found = account.table(kind).get(source)
        if found is not None:
            return str(found["payment_intent"])
    return None
