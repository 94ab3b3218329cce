"""A team's money at a glance, per currency: owed, collected, expected, and what became of new invoices.

One statement, answered from indexes: the page must not take longer as invoices grow in number.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import BigInteger, Select, Text, case, cast, func, literal, select, union_all

from cornerspot.billing.models import Invoice, Payment
from cornerspot.billing.models.payment import PaymentStatus
from cornerspot.billing.states import UNPAID, InvoiceStatus
from cornerspot.db import session
from cornerspot.db.planning import planned_for_values
from cornerspot.tenancy import current_team, team_today

S = InvoiceStatus
MONTHS = 6  # of money collected, this one included
AHEAD_DAYS = 30
BACK_DAYS = 90
# The last one is two days longer, so that four of them make thirty days.
WEEKS = ((0, 6), (7, 13), (14, 20), (21, AHEAD_DAYS - 1))
LATE = -1  # the part of what is owed that stands before the weeks
FATES = (S.OPEN, S.PARTIALLY_PAID, S.PAID, S.UNCOLLECTIBLE, S.VOID)


@dataclass(frozen=True)
class Sum:
    """An amount in minor units, and of how many invoices or payments."""

    minor: int = 0
    count: int = 0


@dataclass(frozen=True)
class Month:
    """What payments received in a month settled."""

    first: date
    collected: Sum

    @property
    def last(self) -> date:
        """The last day of the month."""
        return (self.first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


@dataclass(frozen=True)
class Week:
    """What falls due in a few days, both counted."""

    since: date
    until: date
    expected: Sum


@dataclass(frozen=True)
class Cashflow:
    """One currency. ``overdue`` is part of ``outstanding``; ``months`` end with this one."""

    currency: str
    outstanding: Sum
    overdue: Sum
    months: tuple[Month, ...]
    weeks: tuple[Week, ...]
    fates: tuple[tuple[InvoiceStatus, Sum], ...]

    @property
    def this_month(self) -> Sum:
        return self.months[-1].collected

    @property
    def last_month(self) -> Sum:
        return self.months[-2].collected

    @property
    def expected(self) -> Sum:
        """What falls due within AHEAD_DAYS, today counted."""
        each = [week.expected for week in self.weeks]
        return Sum(sum(one.minor for one in each), sum(one.count for one in each))


def cashflows() -> list[Cashflow]:
    """Every currency in which something is owed, came in or was invoiced lately, the team's own first."""
    today = team_today()
    parts = union_all(_owed(today), _collected(today), _fates(today)).subquery()
    found: defaultdict[str, dict[tuple[str, str], Sum]] = defaultdict(dict)
    for row in session.execute(planned_for_values(select(parts))):
        found[row.currency][row.kind, row.part] = Sum(int(row.minor), row.times)
    home = current_team().currency
    return [_cashflow(code, found[code], today) for code in sorted(found, key=lambda code: (code != home, code))]


def first_of_months(today: date) -> list[date]:
    """The first days of the months that are shown, the oldest first."""
    months = [today.year * 12 + today.month - 1 - back for back in reversed(range(MONTHS))]
    return [date(month // 12, month % 12 + 1, 1) for month in months]


def _cashflow(currency: str, sums: dict[tuple[str, str], Sum], today: date) -> Cashflow:
    def of(kind: str, part: object) -> Sum:
        return sums.get((kind, str(part)), Sum())

    owed = [total for (kind, _), total in sums.items() if kind == "owed"]
    return Cashflow(
        currency=currency,
        outstanding=Sum(sum(one.minor for one in owed), sum(one.count for one in owed)),
        overdue=of("owed", LATE),
        months=tuple(Month(first, of("collected", at)) for at, first in enumerate(first_of_months(today))),
        weeks=tuple(
            Week(today + timedelta(days=least), today + timedelta(days=most), of("owed", at))
            for at, (least, most) in enumerate(WEEKS)
        ),
        fates=tuple((status, of("fate", status.value)) for status in FATES),
    )


def _owed(today: date) -> Select[*tuple[Any, ...]]:
    """What is late, what falls due in each of the weeks, and the rest, in one look at what is owed."""
    weeks = [(Invoice.due_on <= today + timedelta(days=most), literal(at)) for at, (_, most) in enumerate(WEEKS)]
    part = case((Invoice.due_on < today, literal(LATE)), *weeks, else_=literal(len(WEEKS)))
    return _part("owed", Invoice.currency, part, Invoice.balance_minor, Invoice.status.in_(sorted(UNPAID)))


def _collected(today: date) -> Select[*tuple[Any, ...]]:
    firsts = first_of_months(today)
    month = case(*((Payment.received_on >= first, literal(at)) for at, first in reversed([*enumerate(firsts)])))
    since = Payment.received_on >= firsts[0]
    arrived = Payment.status == PaymentStatus.COMPLETED
    return _part("collected", Payment.currency, month, Payment.allocated_minor, since, arrived)


def _fates(today: date) -> Select[*tuple[Any, ...]]:
    lately = Invoice.issued_on >= today - timedelta(days=BACK_DAYS - 1)
    return _part("fate", Invoice.currency, Invoice.status, Invoice.total_minor, Invoice.status.in_(FATES), lately)


def _part(kind: str, currency: Any, part: Any, amount: Any, *where: Any) -> Select[*tuple[Any, ...]]:
    """Sums by currency and part, which is made in a subquery so that the group is exactly what was selected.

    Numbers are grouped and then made text, for of some there are hundreds of thousands.
    """
    rows = select(currency.label("currency"), part.label("part"), amount.label("minor"))
    inner = rows.where(*where).subquery()
    return select(
        literal(kind).label("kind"),
        cast(inner.c.currency, Text).label("currency"),
        cast(inner.c.part, Text).label("part"),
        cast(func.sum(inner.c.minor), BigInteger).label("minor"),
        func.count().label("times"),
    ).group_by(inner.c.currency, inner.c.part)
