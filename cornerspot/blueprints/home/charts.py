"""What the charts of the first page show: rows with an amount, its words and the list behind it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from babel.dates import format_date
from flask import url_for

from cornerspot.billing.states import InvoiceStatus
from cornerspot.blueprints.support.charts import Bar
from cornerspot.blueprints.support.filters import money, plural, short_date
from cornerspot.kit.money import Money
from cornerspot.reports.cashflow import BACK_DAYS, Cashflow, Sum
from cornerspot.reports.overview import StageCount
from cornerspot.tenancy import current_team, team_today

S = InvoiceStatus
FATE_WORDS = {
    S.OPEN: ("Open", "blue", "unpaid"),
    S.PARTIALLY_PAID: ("Partially paid", "azure", "partially_paid"),
    S.PAID: ("Paid", "green", "paid"),
    S.UNCOLLECTIBLE: ("Uncollectible", "amber", "uncollectible"),
    S.VOID: ("Void", "grey", "void"),
}


def expected_bars(flow: Cashflow) -> list[Bar]:
    """What falls due week by week; each leads to the invoices."""
    return [
        Bar(
            label=f"{short_date(week.since)} – {short_date(week.until)}",
            value=_number(week.expected, flow.currency),
            said=_said(week.expected, flow.currency),
            href=url_for(
                "billing.invoices_index",
                status="open",
                dated="due",
                since=week.since.isoformat(),
                until=week.until.isoformat(),
            ),
        )
        for week in flow.weeks
    ]


def collected_bars(flow: Cashflow) -> list[Bar]:
    """What came in month by month; each leads to the invoices that it settled."""
    return [
        Bar(
            label=_month(month.first),
            value=_number(month.collected, flow.currency),
            said=_said(month.collected, flow.currency, "payment"),
            href=url_for(
                "billing.invoices_index",
                dated="paid",
                since=month.first.isoformat(),
                until=month.last.isoformat(),
            ),
            tone="green",
        )
        for month in flow.months
    ]


def fate_bars(flow: Cashflow) -> list[Bar]:
    """What became of the invoices of the last BACK_DAYS; each leads to those."""
    since = (team_today() - timedelta(days=BACK_DAYS - 1)).isoformat()
    bars = []
    for status, total in flow.fates:
        label, tone, name = FATE_WORDS[status]
        href = url_for("billing.invoices_index", status=name, dated="issued", since=since)
        bars.append(Bar(label, _number(total, flow.currency), _said(total, flow.currency), href, tone))
    return bars


def stage_bars(stages: Sequence[StageCount]) -> list[Bar]:
    """Open deals stage by stage; each leads to the board."""
    href = url_for("crm.deals_board")
    return [Bar(stage.name, str(stage.count), plural(stage.count, "deal"), href, "violet") for stage in stages]


def change_in_percent(now: int, before: int) -> str | None:
    """``12 % more``, ``3 % less``; None where there is nothing to compare with."""
    if before <= 0:
        return None
    percent = round((now - before) * 100 / before)
    return "as much as" if percent == 0 else f"{abs(percent)} % {'more' if percent > 0 else 'less'} than"


def _number(total: Sum, currency: str) -> str:
    return str(Money(total.minor, currency).to_decimal())


def _said(total: Sum, currency: str, noun: str = "invoice") -> str:
    amount = money(total.minor, currency)
    return f"{amount}, {plural(total.count, noun)}" if total.count else amount


def _month(first: date) -> str:
    return format_date(first, "LLL", locale=current_team().locale.replace("-", "_"))
