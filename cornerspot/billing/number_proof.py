"""The proof that invoice numbers have no hole: each counter beside the numbers that were given.

A number is given once (a unique of the database), only by the counter or by hand, and a
finalized invoice is never deleted. So a counter that stands at 57 beside 57 numbers
given has no hole, void invoices included.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, extract, func, select

from cornerspot.billing.models import Invoice, NumberSeries
from cornerspot.billing.numbering import KIND
from cornerspot.billing.states import FINALIZED, InvoiceStatus
from cornerspot.db import session

ALL_TIME = ""
_NUMBERED = Invoice.status.in_(sorted(FINALIZED))
_MANUAL = (Invoice.manual_number.is_not(None), Invoice.number.is_not(None))
_YEAR = extract("year", Invoice.issued_on)


@dataclass(frozen=True)
class Span:
    """How many invoices were issued, from which day to which."""

    count: int
    first: date
    last: date

    def less(self, other: Span | None) -> Span:
        """Without those of the other span, which may leave its ends too wide."""
        return self if other is None else Span(self.count - other.count, self.first, self.last)


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
    """Every series of the team with its proof, the newest period first; counted in indexes alone."""
    counters = _counters()
    given, void = _given(_NUMBERED), _given(Invoice.status == InvoiceStatus.VOID)
    by_hand, void_by_hand = _given(*_MANUAL), _given(*_MANUAL, Invoice.status == InvoiceStatus.VOID)
    counted = {year: span.less(by_hand.get(year)) for year, span in given.items()}
    voided = {year: span.less(void_by_hand.get(year)).count for year, span in void.items()}
    if ALL_TIME in counters:
        spans = list(counted.values())
        whole = Span(sum(span.count for span in spans), min(s.first for s in spans), max(s.last for s in spans))
        return [_proof(ALL_TIME, sum(counters.values()), whole, sum(voided.values()))]
    periods = sorted(counters.keys() | {year for year, span in counted.items() if span.count}, reverse=True)
    return [_proof(year, counters.get(year, 0), counted.get(year), voided.get(year, 0)) for year in periods]


def manual_numbers(*, most: int | None = None) -> Sequence[Row[*tuple[Any, ...]]]:
    """Numbers that were typed in by hand and given, the newest first: id, number, status, day of issue."""
    return session.execute(
        select(Invoice.id, Invoice.number, Invoice.status, Invoice.issued_on)
        .where(*_MANUAL)
        .order_by(Invoice.issued_on.desc(), Invoice.id.desc())
        .limit(most)
    ).all()


def count_manual_numbers() -> int:
    """How many numbers were typed in by hand and given."""
    return sum(span.count for span in _given(*_MANUAL).values())


def _proof(period: str, counter: int, span: Span | None, void: int) -> SeriesProof:
    if span is None:
        return SeriesProof(period, counter, 0, void, None, None)
    first, last = _number_of(span, span.first), _number_of(span, span.last, last=True)
    return SeriesProof(period, counter, span.count, void, first, last)


def _counters() -> dict[str, int]:
    used = (NumberSeries.kind == KIND, NumberSeries.last_value > 0)
    rows = session.execute(select(NumberSeries.period, NumberSeries.last_value).where(*used))
    return {row.period: row.last_value for row in rows}


def _given(*where: Any) -> dict[str, Span]:
    """Invoices that have a number, by the year of their issue."""
    statement = select(_YEAR.label("year"), func.count(), func.min(Invoice.issued_on), func.max(Invoice.issued_on))
    rows: Iterable[Any] = session.execute(statement.where(*where).group_by(_YEAR))
    return {f"{int(year)}": Span(count, first, last) for year, count, first, last in rows}


def _number_of(span: Span, day: date, *, last: bool = False) -> str | None:
    """The first or last number of the series that was given on a day, else the one next to it."""
    length: Any = func.length(Invoice.number)
    order = (length.desc(), Invoice.number.desc()) if last else (length, Invoice.number)
    ours = select(Invoice.number).where(_NUMBERED, Invoice.manual_number.is_(None)).limit(1)
    number = session.scalar(ours.where(Invoice.issued_on == day).order_by(*order))
    if number is not None or not span.count:
        return number
    # Only numbers typed in by hand were given on that day.
    by_day = Invoice.issued_on.desc() if last else Invoice.issued_on
    within = Invoice.issued_on.between(span.first, span.last)
    return session.scalar(ours.where(within).order_by(by_day, *order))
