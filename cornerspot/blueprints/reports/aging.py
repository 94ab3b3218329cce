"""Receivables by age: the report as of a day, the invoices behind each number, the CSV."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.reports.blueprint import blueprint
from cornerspot.blueprints.support.charts import Bar
from cornerspot.blueprints.support.csv_files import csv_response
from cornerspot.blueprints.support.filters import money
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.records import get_or_404
from cornerspot.crm.models import Account
from cornerspot.kit.ids import decode_public_id, encode_public_id
from cornerspot.kit.money import Money
from cornerspot.people.permissions import Permission
from cornerspot.plans.features import Feature
from cornerspot.reports.aging import (
    BUCKET_BY_NAME,
    BUCKETS,
    MOST_INVOICES,
    Aging,
    AgingRow,
    Bucket,
    aging,
    owed_invoices,
)
from cornerspot.tenancy import current_team, team_today

EARLIEST = date(1970, 1, 1)
MOST_ACCOUNTS = 100  # per currency on the page; the CSV has all


@blueprint.get("/reports/aging")
@gate(permission=Permission.READ_REPORTS, feature=Feature.BILLING)
def aging_show() -> ResponseReturnValue:
    on = _day()
    currencies = aging(on)
    # Made once: a page of the largest teams has three thousand of them.
    behind = partial(_behind, url_for("reports.aging_invoices_index", on=on.isoformat()))
    return render_template(
        "reports/aging.html",
        on=on,
        today=team_today(),
        buckets=BUCKETS,
        currencies=currencies,
        bars=_bars(behind, currencies[0]) if currencies else [],
        most=MOST_ACCOUNTS,
        behind=behind,
    )


@blueprint.get("/reports/aging.csv")
@gate(permission=Permission.READ_REPORTS, feature=Feature.BILLING)
def aging_csv() -> ResponseReturnValue:
    on = _day()
    head = ("As of", "Currency", "Account", *(bucket.label for bucket in BUCKETS), "Total")
    rows = [
        (
            on.isoformat(),
            one.currency,
            row.name,
            *(Money(minor, one.currency).to_decimal() for minor in (*row.amounts, row.total_minor)),
        )
        for one in aging(on)
        for row in one.rows
    ]
    return csv_response(f"Receivables {on.isoformat()}", head, rows)


@blueprint.get("/reports/aging/invoices")
@gate(permission=Permission.READ_REPORTS, feature=Feature.BILLING)
def aging_invoices_index() -> ResponseReturnValue:
    on = _day()
    currency = request.args.get("currency", "")[:3] or current_team().currency
    bucket = BUCKET_BY_NAME.get(request.args.get("bucket", ""))
    account = _account()
    invoices = owed_invoices(on, currency, account_id=account.id if account else None, bucket=bucket)
    return render_template(
        "reports/aging_invoices.html",
        on=on,
        today=team_today(),
        currency=currency,
        bucket=bucket,
        account=account,
        invoices=invoices,
        is_cut=len(invoices) == MOST_INVOICES,
        total_minor=sum(invoice.owed_minor for invoice in invoices),
        in_list=_in_list(on, account, bucket) if on == team_today() else None,
    )


def _bars(behind: Callable[..., str], one: Aging) -> list[Bar]:
    """What all customers owe in a currency, by age; each bar leads to the invoices."""
    return [
        Bar(
            label=bucket.label,
            value=str(Money(minor, one.currency).to_decimal()),
            said=money(minor, one.currency),
            href=behind(one.currency, one.total, bucket) if minor else None,
            tone="blue" if bucket.least is None else "red",
        )
        for bucket, minor in zip(BUCKETS, one.total.amounts, strict=True)
    ]


def _day() -> date:
    """The day that the address names, at most today; today where it names none that can be read."""
    try:
        named = date.fromisoformat(request.args.get("on", ""))
    except ValueError:
        return team_today()
    return max(EARLIEST, min(named, team_today()))


def _account() -> Account | None:
    try:
        account_id = decode_public_id("acc", request.args.get("account", ""))
    except ValueError:
        return None
    return get_or_404(Account, account_id, trashed=True)


def _behind(base: str, currency: str, row: AgingRow, bucket: Bucket | None = None) -> str:
    """The address of the invoices behind a number; ``base`` names their page and the day."""
    account = f"&account={encode_public_id('acc', row.account_id)}" if row.account_id is not None else ""
    late = f"&bucket={bucket.name}" if bucket is not None else ""
    return f"{base}&currency={currency}{account}{late}"


def _in_list(on: date, account: Account | None, bucket: Any) -> str:
    """The same in the list of invoices, where they can be sent, reminded of and exported."""
    asked: dict[str, str] = {"status": "open"}
    if account is not None:
        asked["account"] = encode_public_id("acc", account.id)
    if bucket is not None:
        days = zip(("since", "until"), bucket.due_dates(on), strict=True)
        asked |= {"dated": "due"} | {name: day.isoformat() for name, day in days if day is not None}
    return url_for("billing.invoices_index", **asked)  # type: ignore[arg-type]
