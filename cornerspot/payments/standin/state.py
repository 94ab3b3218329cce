"""Everything the stand-in knows, as plain values: accounts with their objects, keys, what is due, what is to be sent.

Objects are dicts in Stripe's shape. Names that start with an underscore are the
stand-in's own and never leave it.
"""

from __future__ import annotations

import heapq
import random
import string
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cornerspot.payments.standin.clock import Clock
from cornerspot.payments.standin.errors import missing

Obj = dict[str, Any]

API_VERSION = "2026-10-28.endive"
PREFIXES = {
    "account": "acct_",
    "application_fee": "fee_",
    "balance_transaction": "txn_",
    "billing_portal.configuration": "bpc_",
    "billing_portal.session": "bps_",
    "charge": "ch_",
    "checkout.session": "cs_test_",
    "customer": "cus_",
    "dispute": "du_",
    "event": "evt_",
    "invoice": "in_",
    "item": "li_",
    "line_item": "il_",
    "payment_intent": "pi_",
    "payment_method": "pm_",
    "payout": "po_",
    "price": "price_",
    "product": "prod_",
    "refund": "re_",
    "subscription": "sub_",
    "subscription_item": "si_",
    "webhook_endpoint": "we_",
}
_LETTERS = string.ascii_letters + string.digits


@dataclass
class Account:
    """One Stripe account with all that lives on it."""

    id: str
    name: str
    email: str
    country: str
    currency: str
    created: int
    client_id: str | None = None  # Only a platform has one.
    redirect_uris: list[str] = field(default_factory=list)
    methods: list[str] = field(default_factory=list)
    charges_enabled: bool = True
    api_version: str = API_VERSION
    tables: dict[str, dict[str, Obj]] = field(default_factory=dict)
    kept_answers: dict[str, Obj] = field(default_factory=dict)

    def table(self, kind: str) -> dict[str, Obj]:
        """The objects of a kind by id, oldest first."""
        return self.tables.setdefault(kind, {})

    def get(self, kind: str, wanted: str, param: str = "id", *, status: int = 404) -> Obj:
        """One object; refuses as Stripe does when this account has no such thing."""
        found = self.table(kind).get(wanted)
        if found is None or found.get("deleted"):
            raise missing(kind, wanted, param, status=status)
        return found


@dataclass
class World:
    """All accounts, and what ties them together."""

    clock: Clock
    public_url: str = "http://127.0.0.1:12111"
    seed: int | None = None
    accounts: dict[str, Account] = field(default_factory=dict)
    keys: dict[str, Obj] = field(default_factory=dict)
    connections: dict[str, Obj] = field(default_factory=dict)
    codes: dict[str, Obj] = field(default_factory=dict)
    homes: dict[str, str] = field(default_factory=dict)
    agenda: list[list[Any]] = field(default_factory=list)  # A heap of [moment, order, plan].
    plans: dict[str, int] = field(default_factory=dict)  # "what:id" to the order of the plan that counts.
    deliveries: dict[str, Obj] = field(default_factory=dict)
    waiting: dict[str, None] = field(default_factory=dict)  # Ids of deliveries that are not done, oldest first.
    fee_delay_seconds: int = 0
    card_refund_days: int = 0
    made: int = 0

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)  # noqa: S311 - ids of a stand-in; a seed makes a run repeatable

    def now(self) -> int:
        """Unix seconds by the stand-in's clock."""
        return self.clock.seconds()

    def new_id(self, kind: str, length: int = 24) -> str:
        """A fresh id of that kind."""
        return PREFIXES[kind] + self.token(58 if kind == "checkout.session" else length)

    def token(self, length: int) -> str:
        """Random letters and digits."""
        return "".join(self.random.choices(_LETTERS, k=length))

    def put(self, account: Account, obj: Obj) -> Obj:
        """Keep an object on its account."""
        account.table(obj["object"])[obj["id"]] = obj
        self.homes[obj["id"]] = account.id
        return obj

    def home_of(self, wanted: str) -> Account:
        """The account an object lives on."""
        if wanted not in self.homes:
            raise missing("object", wanted)
        return self.accounts[self.homes[wanted]]

    def find(self, kind: str, wanted: str) -> tuple[Account, Obj]:
        """An object with its account, for the hosted pages and the controls."""
        account = self.home_of(wanted)
        return account, account.get(kind, wanted)

    def plan(self, at: int, what: str, account: Account, wanted: str) -> None:
        """Have something happen by itself when the clock gets there; an earlier plan for it no longer counts."""
        self.made += 1
        self.plans[f"{what}:{wanted}"] = self.made
        heapq.heappush(self.agenda, [at, self.made, {"what": what, "account": account.id, "id": wanted}])

    def platforms(self) -> Iterator[Account]:
        """The accounts that others can be connected to."""
        return (account for account in self.accounts.values() if account.client_id)

    def platform_with(self, client_id: str) -> Account | None:
        """The platform with that client id, if there is one."""
        return next((account for account in self.platforms() if account.client_id == client_id), None)
