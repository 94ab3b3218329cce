"""Every view, filter, sort and search of the list of invoices, and the home page: a thousand beside a million.

``python -m bench.lists 200000`` measures beside as many.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

from sqlalchemy import select

from bench.client import Call, send_together
from bench.measuring import machine, show, summary, take_turns, times_floor, verdict
from bench.million import TEAMS, fill, fill_teams
from bench.stock import working_for
from bench.world import Team, World, world
from cornerspot.billing.list_filter import InvoiceFilter
from cornerspot.billing.listing import SORT_NAMES, Order, invoices_page
from cornerspot.crm.models import Account
from cornerspot.db import session
from cornerspot.kit.ids import encode_public_id

FEW, MANY = 1_000, 1_000_000
ROUNDS, IN_ROUND = 7, 2
DEEP = 40  # pages into the list

VIEWS = {
    "home": "/",
    "list": "/invoices",
    "drafts": "/invoices?status=draft",
    "open": "/invoices?status=open",
    "overdue": "/invoices?status=overdue",
    "paid": "/invoices?status=paid",
    "two statuses": "/invoices?status=draft&status=void",
    "not sent": "/invoices?sent=no",
    "issued in a month": "/invoices?since={month}-01&until={month}-28",
    "due in a year": "/invoices?dated=due&since={year}-01-01&until={year}-12-31",
    "overdue by balance": "/invoices?status=overdue&sort=-balance",
    "of a customer": "/invoices?account={account}",
    "search of a number": "/invoices?q=big-0000777",
    "search of a customer": "/invoices?q=partner+{customer}",
    "search of a rare word": "/invoices?q=c4ca4238a0b9",
    "search of a frequent word": "/invoices?q=espresso",
    "search of nothing": "/invoices?q=zzzzzz",
    "search among open ones": "/invoices?q=licences&status=open",
    **{f"by {name}": f"/invoices?sort={name}" for name in SORT_NAMES},
    **{f"by {name}, deep": "/invoices?sort=" + name + "&cursor={" + name + "}" for name in SORT_NAMES},
}


def measure(place: World, *, many: int = MANY, teams: int = TEAMS) -> dict[str, Any]:
    """Each view with few and with many invoices, requests taking turns."""
    small, large = place.open_team(), place.open_team()
    fill(place, small, rows=FEW)
    fill(place, large, rows=many)
    fill_teams(place, small, teams=teams)
    facts = {"few": _facts(place, small), "many": _facts(place, large)}
    result: dict[str, Any] = {"few": FEW, "many": many, "teams": teams, "views": {}}
    for name, path in VIEWS.items():
        sides = {
            side: partial(
                send_together,
                place.ports["ours"],
                [Call(f"/{team.slug}{path.format(**facts[side])}", team.cookie)] * IN_ROUND,
                browsers=1,
            )
            for side, team in (("few", small), ("many", large))
        }
        taken = take_turns(sides, rounds=ROUNDS, warm_up=2)
        result["views"][name] = {
            "few": summary(taken["few"], per=IN_ROUND),
            "many": summary(taken["many"], per=IN_ROUND),
            "times": times_floor(taken["many"], taken["few"]),
        }
        line = result["views"][name]
        print(f"{name:<28} {line['few']['median_ms']:8.1f} {line['many']['median_ms']:8.1f}", file=sys.stderr)
    result["verdicts"] = {name: _verdict(name, line) for name, line in result["views"].items()}
    return result


def _verdict(name: str, line: dict[str, Any]) -> dict[str, Any]:
    """Paging at most 1.3 times as long; what searches or adds up under 150 ms at the median."""
    if name.startswith("by "):
        return verdict(line["times"]["best"], at_most=1.3)
    return verdict(line["many"]["median_ms"], at_most=150)


def _facts(place: World, team: Team) -> dict[str, str]:
    """What the addresses name: a customer, a month, and for each sort a cursor deep in the list."""
    with working_for(place, team):
        account = session.scalars(select(Account).where(Account.name.contains("Partner")).order_by(Account.id)).first()
        middle = session.scalars(select(Account.created_at)).first()
        assert account is not None
        assert middle is not None
        facts = {
            "account": encode_public_id("acc", account.id),
            "customer": account.name.rpartition(" ")[2],
            "month": f"{middle.year - 1}-05",
            "year": str(middle.year - 1),
        }
        return facts | {name: _deep(name) for name in SORT_NAMES}


def _deep(name: str) -> str:
    cursor: str | None = None
    order = Order(name, descending=False)
    for _ in range(DEEP):
        following = invoices_page(InvoiceFilter(), order, cursor=cursor).next_cursor
        if following is None:
            break
        cursor = following
    return cursor or ""


if __name__ == "__main__":
    with world() as place:
        many = int(sys.argv[1]) if len(sys.argv) > 1 else MANY
        show({"machine": machine(), "lists": measure(place, many=many)})
