"""The list of invoices. Everything that it shows is said in its address."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from cornerspot.billing.list_filter import DATES, STATUSES, Found, InvoiceFilter, find
from cornerspot.billing.list_totals import list_totals
from cornerspot.billing.listing import (
    CUSTOMER,
    MOST_COUNTED,
    SORT_NAMES,
    SORTS,
    TABS,
    Order,
    count_invoices,
    disputed_among,
    invoice_counts,
    invoices_page,
    natural_order,
)
from cornerspot.blueprints.billing.blueprint import blueprint
from cornerspot.blueprints.support import records
from cornerspot.blueprints.support.filters import date_text
from cornerspot.blueprints.support.gate import gate
from cornerspot.crm.models import Account
from cornerspot.kit.ids import decode_public_id
from cornerspot.kit.paging import Page
from cornerspot.people.permissions import Permission
from cornerspot.tenancy import team_today

TAB_WORDS = {
    "all": "All",
    "draft": "Drafts",
    "open": "Open",
    "overdue": "Overdue",
    "paid": "Paid",
    "uncollectible": "Uncollectible",
    "void": "Void",
}
STATUS_WORDS = {
    "draft": "Draft",
    "open": "Open",
    "unpaid": "Nothing paid yet",
    "partially_paid": "Partially paid",
    "paid": "Paid",
    "uncollectible": "Uncollectible",
    "void": "Void",
    "cancelled": "Cancelled",
}
LONGEST_SEARCH = 200
MOST_CHOSEN = 500  # what a bulk action takes; exports take everything


@blueprint.get("/invoices")
@gate(permission=Permission.READ_INVOICES)
def invoices_index() -> ResponseReturnValue:
    wanted, order = filter_of(request.args), order_of(request.args)
    found = find(wanted)
    page = invoices_page(found, order, cursor=request.args.get("cursor"))
    matching = _matching(found, page)
    is_long = matching is None or matching > MOST_CHOSEN
    counts = invoice_counts() if wanted.is_plain else {}
    tab = _tab_of(wanted)
    return render_template(
        "billing/invoices/index.html",
        page=page,
        disputed=disputed_among(page.rows),
        wanted=wanted,
        tab=tab,
        today=team_today(),
        account=records.find(Account, wanted.account_id) if wanted.account_id else None,
        is_first=wanted.is_empty and not page.rows and not request.args.get("cursor"),
        totals=None if is_long else list_totals(found),
        totals_href=_href("billing.invoice_totals_show") if is_long and not found.is_dense else None,
        matching=matching,
        most_chosen=MOST_CHOSEN,
        chips=_chips(wanted),
        status_words=STATUS_WORDS,
        request_key=uuid4().hex,
        sort_of=lambda name: _sort_href(name, order or natural_order(wanted)),
        tabs=[
            {"label": label, "href": _tab_href(name), "active": name == tab, "count": _count_text(counts.get(name))}
            for name, label in TAB_WORDS.items()
        ],
        next_href=_href(cursor=page.next_cursor) if page.next_cursor else None,
        previous_href=_href(cursor=page.previous_cursor) if page.previous_cursor else None,
    )


@blueprint.get("/invoices/totals")
@gate(permission=Permission.READ_INVOICES)
def invoice_totals_show() -> ResponseReturnValue:
    """What a long list comes to: the list shows its rows first, and this when it is reckoned."""
    totals = list_totals(find(filter_of(request.args)))
    return render_template("billing/invoices/totals.html", totals=totals, list_href=_href())


def filter_of(arguments: MultiDict[str, str]) -> InvoiceFilter:
    """The filter that an address asks for; what cannot be read is left out."""
    names = arguments.getlist("status")
    return InvoiceFilter(
        search=" ".join(arguments.get("q", "").replace("\0", " ").split())[:LONGEST_SEARCH],
        names=tuple(name for name in STATUSES if name in names),
        overdue="overdue" in names,
        sent=arguments["sent"] if arguments.get("sent") in ("yes", "no") else "",
        dated=arguments["dated"] if arguments.get("dated") in DATES else DATES[0],
        since=_day(arguments.get("since")),
        until=_day(arguments.get("until")),
        account_id=_account(arguments.get("account")),
    )


def order_of(arguments: Mapping[str, str]) -> Order | None:
    """The order that an address asks for: ``due``, or ``-due`` for the other way round."""
    asked = arguments.get("sort", "")
    name = asked.removeprefix("-")
    return Order(name, descending=asked.startswith("-")) if name in SORT_NAMES else None


def _matching(found: Found, page: Page[Any]) -> int | None:
    """How many the filter shows, for choosing them all; counted only where they are more than this page.

    None for a search that finds too many words: each match costs a look at an invoice's lines.
    """
    if page.next_cursor is None and page.previous_cursor is None:
        return len(page.rows)
    if found.is_dense:
        return None
    return count_invoices(found, most=MOST_CHOSEN + 1)


def _tab_of(wanted: InvoiceFilter) -> str | None:
    """The tab that shows these statuses; None for several."""
    chosen = replace(InvoiceFilter(), names=wanted.names, overdue=wanted.overdue)
    return next((name for name, tab in TABS.items() if tab == chosen), None)


def _tab_href(name: str) -> str:
    return _href(status=[] if name == "all" else [name], cursor=None)


def _chips(wanted: InvoiceFilter) -> list[dict[str, str]]:
    chips = []
    if wanted.search:
        chips.append({"label": f"“{wanted.search}”", "href": _href(q=None, cursor=None)})
    chosen = [*wanted.names, *(["overdue"] if wanted.overdue else [])]
    if _tab_of(wanted) is None:
        for name in chosen:
            rest = [other for other in chosen if other != name]
            label = STATUS_WORDS.get(name, "Overdue")
            chips.append({"label": f"Status: {label}", "href": _href(status=rest, cursor=None)})
    if wanted.sent:
        chips.append({"label": "Sent" if wanted.sent == "yes" else "Not sent", "href": _href(sent=None, cursor=None)})
    if wanted.since or wanted.until:
        chips.append({"label": _period(wanted), "href": _href(since=None, until=None, dated=None, cursor=None)})
    if wanted.account_id:
        account = records.find(Account, wanted.account_id)
        name = account.name if account else "nobody we know"
        chips.append({"label": f"Customer: {name}", "href": _href(account=None, cursor=None)})
    return chips


def _period(wanted: InvoiceFilter) -> str:
    what = wanted.dated.capitalize()
    if wanted.since and wanted.until:
        return f"{what} {date_text(wanted.since)} – {date_text(wanted.until)}"
    return f"{what} from {date_text(wanted.since)}" if wanted.since else f"{what} until {date_text(wanted.until)}"


def _sort_href(name: str, now: Order) -> dict[str, str | None]:
    """What a column's head needs: where a click leads, and how the list is sorted by it now."""
    if name == now.name:
        descending = not now.descending
    else:
        descending = name not in (CUSTOMER, "number") and SORTS[name].begins == "most"
    href = _href(sort=f"{'-' if descending else ''}{name}", cursor=None)
    return {"sort_href": href, "sorted": ("desc" if now.descending else "asc") if name == now.name else None}


def _href(endpoint: str = "billing.invoices_index", /, **changes: Any) -> str:
    """This list with some of its address changed; None and empty lists leave a part out."""
    kept: dict[str, Any] = {
        name: values
        for name, values in request.args.lists()
        if name in ("q", "status", "sent", "dated", "since", "until", "account", "sort") and any(values)
    }
    return url_for(endpoint, **{name: value for name, value in (kept | changes).items() if value})


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def _account(text: str | None) -> UUID | None:
    """The account behind a public id, or behind the plain one that lists to choose from send."""
    for read in (partial(decode_public_id, "acc"), UUID):
        with suppress(ValueError):
            return read(text or "")
    return None


def _count_text(count: int | None) -> str | None:
    if count is None:
        return None
    return f"{MOST_COUNTED - 1}+" if count >= MOST_COUNTED else str(count)
