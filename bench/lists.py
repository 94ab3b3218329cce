"""The list of invoices by every view, filter, sort and search, Home, reports, the portal: a thousand beside a million.

Both teams stand in one database, among ten thousand others. ``python -m bench.lists 200000``
measures beside as many; ``--kept FOLDER`` keeps the database there and finds it again the next
time; words behind it choose the views that have one of them in their name.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from bench.client import Browser, Call
from bench.measuring import machine, show, summary, take_turns, times_floor, verdict
from bench.million import TEAMS, fill, fill_teams
from bench.stock import working_for
from bench.world import Team, World, world
from cornerspot.billing.list_filter import InvoiceFilter
from cornerspot.billing.listing import SORT_NAMES, Order, invoices_page
from cornerspot.billing.models import Invoice
from cornerspot.crm.models import Account
from cornerspot.db import session
from cornerspot.kit.ids import encode_public_id
from cornerspot.portal.invoices import member_invoices_page
from cornerspot.portal.models import PortalUser
from cornerspot.portal.payments import member_payments_page
from cornerspot.portal.sessions import begin_sign_in
from cornerspot.tenancy.http import TeamSessionInterface
from tests.factories.portal import new_member

FEW, MANY = 1_000, 1_000_000
FEW_CUSTOMERS = 50  # so that the largest has more than a page of invoices there too
ROUNDS, WARM_UP = 15, 3
DEEP = {"few": 10, "many": 60}  # pages into the list; the small one has twenty

# A page of rows: at most 1.3 times as long.
PAGES = {
    "list": "/invoices",
    "drafts": "/invoices?status=draft",
    "open": "/invoices?status=open",
    "overdue": "/invoices?status=overdue",
    "paid": "/invoices?status=paid",
    "uncollectible": "/invoices?status=uncollectible",
    "void": "/invoices?status=void",
    "two statuses": "/invoices?status=draft&status=void",
    "not sent": "/invoices?sent=no",
    "sent": "/invoices?sent=yes",
    "open and not sent": "/invoices?status=open&sent=no",
    "issued in a month": "/invoices?since={month}-01&until={month}-28",
    "issued in a month, by total": "/invoices?since={month}-01&until={month}-28&sort=-total",
    "due in a year": "/invoices?dated=due&since={year}-01-01&until={year}-12-31",
    "overdue by balance": "/invoices?status=overdue&sort=-balance",
    "overdue by customer": "/invoices?status=overdue&sort=customer",
    "not sent by due date": "/invoices?sent=no&sort=due",
    "of the largest customer": "/invoices?account={account}",
    "of the largest customer, by total": "/invoices?account={account}&sort=-total",
    "of the largest customer, overdue": "/invoices?account={account}&status=overdue",
    **{f"by {name}": f"/invoices?sort={name}" for name in SORT_NAMES},
    **{f"by {name}, downwards": f"/invoices?sort=-{name}" for name in SORT_NAMES},
    **{f"by {name}, deep": "/invoices?sort=" + name + "&cursor={" + name + "}" for name in SORT_NAMES},
    "an invoice": "/invoices/{invoice}",
    "portal: invoices": "/portal/invoices",
    "portal: open": "/portal/invoices?status=open",
    "portal: overdue": "/portal/invoices?status=overdue",
    "portal: paid": "/portal/invoices?status=paid",
    "portal: invoices, deep": "/portal/invoices?cursor={member_invoices}",
    "portal: payments": "/portal/payments",
    "portal: payments, deep": "/portal/payments?cursor={member_payments}",
}
# What searches or adds up: under 150 ms at the median.
SUMS = {
    "home": "/",
    "totals of all": "/invoices/totals",
    "totals of overdue": "/invoices/totals?status=overdue",
    "totals of two statuses": "/invoices/totals?status=open&status=paid",
    "totals of not sent": "/invoices/totals?sent=no",
    "totals of a month": "/invoices/totals?since={month}-01&until={month}-28",
    "totals of a year": "/invoices/totals?dated=due&since={year}-01-01&until={year}-12-31",
    "totals of the largest customer": "/invoices/totals?account={account}",
    "search of a number": "/invoices?q=big-0000777",
    "search of a customer": "/invoices?q=partner+{customer}",
    "search of a rare word": "/invoices?q=c4ca4238a0b9",
    "search of a frequent word": "/invoices?q=espresso",
    "search of nothing": "/invoices?q=zzzzzz",
    "search of two frequent words": "/invoices?q=workplace+acme",
    "search of a frequent and a rare word": "/invoices?q=espresso+c4ca4238a0b9",
    "search of two letters": "/invoices?q=mu",
    "search among open ones": "/invoices?q=licences&status=open",
    "search among the written off": "/invoices?q=licences&status=uncollectible",
    "search by total": "/invoices?q=acme&sort=-total",
    "the largest customer's page": "/accounts/{account}",
    "the largest customer's invoices": "/accounts/{account}/invoices",
    "receivables by age": "/reports/aging",
    "receivables of a day last year": "/reports/aging?on={month}-15",
    "receivables, invoices behind a number": "/reports/aging/invoices?bucket=60",
    "portal: home": "/portal/",
    "portal: search": "/portal/invoices?q=big-0000",
}
VIEWS = PAGES | SUMS


def measure(place: World, *, many: int = MANY, teams: int = TEAMS, words: list[str] | None = None) -> dict[str, Any]:
    """Each view with few and with many invoices, requests taking turns."""
    sides = _teams(place, many, teams)
    facts = {side: _facts(place, team, DEEP[side]) for side, team in sides.items()}
    cookies = {side: f"{team.cookie}; {facts[side]['member_cookie']}" for side, team in sides.items()}
    browsers = {side: place.browser("ours") for side in sides}
    result: dict[str, Any] = {"few": FEW, "many": many, "teams": teams, "rounds": ROUNDS, "views": {}}
    for name, path in VIEWS.items():
        if words and not any(word in name for word in words):
            continue
        calls = {side: Call(f"/{sides[side].slug}{path.format(**facts[side])}", cookies[side]) for side in sides}
        taken = take_turns(
            {side: partial(_ask, browsers[side], call) for side, call in calls.items()}, rounds=ROUNDS, warm_up=WARM_UP
        )
        line = {side: summary(taken[side]) for side in sides} | {"times": times_floor(taken["many"], taken["few"])}
        result["views"][name] = line
        said = _verdict(name, result["views"])
        print(
            f"{'      ' if said['kept'] else 'MISSED'} {name:<40}"
            f" {line['few']['median_ms']:8.1f} {line['many']['median_ms']:8.1f} {said['measured']:8.2f}"
            f" of {said['budget']['at_most']}",
            file=sys.stderr,
        )
    result["verdicts"] = {name: _verdict(name, result["views"]) for name in result["views"]}
    return result


def _ask(browser: Browser, call: Call) -> None:
    browser.send(call)


def _teams(place: World, many: int, teams: int) -> dict[str, Team]:
    """The small and the large team, found again in a world that was kept."""
    few, large = place.find_team("A thousand"), place.find_team("Many")
    if few is None:
        few = place.open_team("A thousand")
        fill(place, few, rows=FEW, customers=FEW_CUSTOMERS)
    if large is None:
        large = place.open_team("Many")
        fill(place, large, rows=many)
        fill_teams(place, few, teams=teams)
    return {"few": few, "many": large}


def _verdict(name: str, views: dict[str, Any]) -> dict[str, Any]:
    """Of a page of rows its best round, for the machine is shared; of what searches or adds up the median.

    With a thousand invoices many a view has no full page; fifty rows are compared with fifty, those of the
    list or those of the portal's.
    """
    few, many = views[name]["few"], views[name]["many"]
    if name in PAGES:
        whole = "portal: invoices" if name.startswith("portal") else "list"
        full = views.get(whole, views[name])["few"]["best_ms"]
        return verdict(many["best_ms"] / max(few["best_ms"], full), at_most=1.3)
    return verdict(many["median_ms"], at_most=150)


def _facts(place: World, team: Team, deep: int) -> dict[str, str]:
    """What the addresses name: the largest customer, a month, for each list a cursor deep in it."""
    with working_for(place, team):
        account_id = session.scalars(
            select(Invoice.account_id).group_by(Invoice.account_id).order_by(func.count().desc()).limit(1)
        ).one()
        assert account_id is not None
        account = session.get_one(Account, (team.story.team.id, account_id))
        middle = session.scalars(select(func.max(Invoice.created_at))).one()
        facts = {
            "account": encode_public_id("acc", account.id),
            "customer": account.name.rpartition(" ")[2],
            "invoice": encode_public_id("inv", _invoice(account_id)),
            "month": f"{middle.year - 1}-05",
            "year": str(middle.year - 1),
            **{name: _deep(partial(_sorted_page, name), deep) for name in SORT_NAMES},
            "member_invoices": _deep(partial(member_invoices_page, account.id), deep),
            "member_payments": _deep(partial(member_payments_page, account.id), deep),
        }
    return facts | {"member_cookie": _member(place, team, account_id)}


def _invoice(account_id: UUID) -> UUID:
    """A paid invoice of the customer."""
    paid = select(Invoice.id).where(Invoice.account_id == account_id, Invoice.status == "paid")
    return session.scalars(paid.order_by(Invoice.id).limit(1)).one()


def _sorted_page(name: str, *, cursor: str | None) -> Any:
    return invoices_page(InvoiceFilter(), Order(name, descending=False), cursor=cursor)


def _deep(page: Any, pages: int) -> str:
    """The cursor of a page so far into the list, or of its second last, for the last may be short."""
    cursors = [""]
    for _ in range(pages):
        following = page(cursor=cursors[-1] or None).next_cursor
        if following is None:
            return cursors[-2] if len(cursors) > 1 else ""
        cursors.append(following)
    return cursors[-1]


def _member(place: World, team: Team, account_id: UUID) -> str:
    """The cookie of somebody who looks at the account in the portal."""
    address = "member@bench.example"
    with working_for(place, team):
        account = session.get_one(Account, (team.story.team.id, account_id))
        known = session.scalars(select(PortalUser).where(PortalUser.email == address)).one_or_none()
        token, _ = begin_sign_in(
            known or new_member(account, email=address), ip_address="127.0.0.1", user_agent="bench"
        )
    serializer = TeamSessionInterface().get_signing_serializer(place.app)
    assert serializer is not None
    value = serializer.dumps({"_member": token, "_team": f"portal of {team.story.team.id}"})
    return f"cornerspot_portal={value!s}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.lists")
    parser.add_argument("many", nargs="?", type=int, default=MANY)
    parser.add_argument("--kept", type=Path)
    parser.add_argument("--only", nargs="+", metavar="WORD")
    wanted = parser.parse_args()
    with world(kept=wanted.kept) as place:
        show({"machine": machine(), "lists": measure(place, many=wanted.many, words=wanted.only)})
