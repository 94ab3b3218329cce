"""The proof that invoice numbers have no hole: each counter beside the numbers that were given.

A number is given once (a unique of the database), only by the counter or by hand, and a
finalized invoice is never deleted. So a counter that stands at 57 beside 57 numbers
given has no hole, void invoices included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, Select, extract, func, select

from cornerspot.billing.models import Invoice, NumberSeries
from cornerspot.billing.numbering import KIND
from cornerspot.billing.states import FINALIZED, InvoiceStatus
from cornerspot.db import session

ALL_TIME = ""
_NUMBERED = Invoice.status.in_(sorted(FINALIZED))
_YEAR = extract("year", Invoice.issued_on)


@dataclass(frozen=True)
class SeriesProof:
    """One counter, or all of them where counters with and without a year take turns.

    ``period`` is a year, or ALL_TIME. ``given`` counts the numbers that invoices have of it,
    ``void`` those of them on invoices that were voided.
    """

    period: str
    counter: int
    given: int
    void: int
    first: str | None
    last: str | None

    @property
    def is_whole(self) -> bool:
        """Whether every number that the counter gave is on an invoice."""
        return self.counter == self.given

    @property
    def missing(self) -> int:
        """How many numbers are nowhere; below zero for more numbers than were given."""
        return self.counter - self.given


def prove_numbers() -> list[SeriesProof]:
    """Every series of the team with its proof, the newest period first; read from indexes alone."""
    counters = _counters()
    is_yearly = ALL_TIME not in counters
    given, void = _given(), _given(Invoice.status == InvoiceStatus.VOID)
    by_hand, void_by_hand = _by_hand(), _by_hand(Invoice.status == InvoiceStatus.VOID)
    years = {year: given[year] - by_hand.get(year, 0) for year in given}
    voided = {year: void.get(year, 0) - void_by_hand.get(year, 0) for year in given}
    if not is_yearly:
        total = sum(counters.values())
        return [SeriesProof(ALL_TIME, total, sum(years.values()), sum(voided.values()), *_ends(None))]
    periods = sorted(counters.keys() | {year for year, count in years.items() if count}, reverse=True)
    return [
        SeriesProof(year, counters.get(year, 0), years.get(year, 0), voided.get(year, 0), *_ends(int(year)))
        for year in periods
    ]


def manual_numbers(*, most: int | None = None) -> Sequence[Row[*tuple[Any, ...]]]:
    """Numbers that were typed in by hand and given, the newest first: id, number, status, day of issue."""
    return session.execute(
        select(Invoice.id, Invoice.number, Invoice.status, Invoice.issued_on)
        .where(Invoice.manual_number.is_not(None), Invoice.number.is_not(None))
        .order_by(Invoice.issued_on.desc(), Invoice.id.desc())
        .limit(most)
    ).all()


def count_manual_numbers() -> int:
    """How many numbers were typed in by hand and given."""
    return sum(_by_hand().values())


def _counters() -> dict[str, int]:
    used = (NumberSeries.kind == KIND, NumberSeries.last_value > 0)
    rows = session.execute(select(NumberSeries.period, NumberSeries.last_value).where(*used))
    return {row.period: row.last_value for row in rows}


def _given(*more: Any) -> dict[str, int]:
    """Finalized invoices by the year of their issue: what has a number, by hand or not."""
    return _by_year(select(_YEAR, func.count()).where(_NUMBERED, *more))


def _by_hand(*more: Any) -> dict[str, int]:
    is_manual = (Invoice.manual_number.is_not(None), Invoice.number.is_not(None))
    return _by_year(select(_YEAR, func.count()).where(*is_manual, *more))


def _by_year(statement: Select[*tuple[Any, ...]]) -> dict[str, int]:
    return {f"{int(year)}": count for year, count in session.execute(statement.group_by(_YEAR))}


def _ends(year: int | None) -> tuple[str | None, str | None]:
    """The first and the last number of the series, found on the first and last day of issue."""
    where = [_NUMBERED, Invoice.manual_number.is_(None)]
    if year is not None:
        where.append(Invoice.issued_on.between(date(year, 1, 1), date(year, 12, 31)))
    first_on, last_on = session.execute(
        select(func.min(Invoice.issued_on), func.max(Invoice.issued_on)).where(*where)
    ).one()
    length: Any = func.length(Invoice.number)
    of_day = select(Invoice.number).where(_NUMBERED, Invoice.manual_number.is_(None)).limit(1)
    first = session.scalar(of_day.where(Invoice.issued_on == first_on).order_by(length, Invoice.number))
    last = session.scalar(of_day.where(Invoice.issued_on == last_on).order_by(length.desc(), Invoice.number.desc()))
    return first, last
