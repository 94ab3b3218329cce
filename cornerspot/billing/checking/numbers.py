"""Numbers: every value of a counter is on one invoice, and no number is ahead of its counter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import BigInteger, cast, func, literal, select

from cornerspot.billing.checking.findings import Finding, invoice_name, stream
from cornerspot.billing.models import Invoice
from cornerspot.billing.number_proof import ALL_TIME, SeriesProof, prove_numbers
from cornerspot.billing.numbering import sequence_expression
from cornerspot.billing.settings import billing_settings
from cornerspot.db import session

MOST_NAMED = 10  # missing values that one finding lists
_OURS = (Invoice.number.is_not(None), Invoice.manual_number.is_(None))


def check_numbers() -> Iterator[Finding]:
    """Holes, values given twice and numbers ahead of the counter, for each series; manual numbers apart."""
    pattern = sequence_expression(billing_settings().number_pattern)
    value: Any = cast(func.substring(Invoice.number, pattern), BigInteger)
    for proof in prove_numbers():
        yield from _check(proof, value)


def _check(proof: SeriesProof, value: Any) -> Iterator[Finding]:
    record = f"number series {proof.period}".rstrip()
    mine: list[Any] = [*_OURS]
    if proof.period != ALL_TIME:
        mine.append(func.to_char(Invoice.issued_on, "YYYY") == proof.period)
    in_range = value.between(1, proof.counter)
    seen, twice = session.execute(
        select(func.count(value.distinct()).filter(in_range), func.count(value).filter(in_range)).where(*mine)
    ).one()
    # Numbers of a pattern that the team had before cannot be read by the present one; they fill holes one by one.
    earlier = session.scalar(select(func.count()).where(*mine, value.is_(None))) or 0
    if proof.counter - seen > earlier:
        yield Finding(record, "each value", f"there, from 1 to {proof.counter}", _missing(proof, mine, value, earlier))
    elif not proof.is_whole and proof.given > proof.counter:
        yield Finding(record, "how many numbers were given", str(proof.counter), str(proof.given))
    if twice > seen:
        yield from _given_twice(record, mine, value)
    for row in stream(select(Invoice.id, Invoice.number, value.label("value")).where(*mine, ~in_range)):
        yield Finding(invoice_name(row.id, row.number), "its number", f"at most {proof.counter}", str(row.value))


def _missing(proof: SeriesProof, mine: list[Any], value: Any, earlier: int) -> str:
    """Which values are missing; only how many where earlier patterns hide which."""
    if earlier:
        return f"without {proof.missing} of them"
    missing: list[int] = []
    expected = 1
    for (found,) in stream(select(value).where(*mine, value.is_not(None)).order_by(value)):
        missing.extend(range(expected, min(found, proof.counter + 1))[: MOST_NAMED + 1 - len(missing)])
        expected = max(expected, found + 1)
    missing.extend(range(expected, proof.counter + 1)[: MOST_NAMED + 1 - len(missing)])
    named = ", ".join(str(one) for one in missing[:MOST_NAMED])
    return f"without {named}{' and more' if len(missing) > MOST_NAMED else ''}"


def _given_twice(record: str, mine: list[Any], value: Any) -> Iterator[Finding]:
    times = func.count()
    for row in stream(
        select(value.label("value"), times.label("times")).where(*mine).group_by(value).having(times > literal(1))
    ):
        if row.value is not None:
            yield Finding(record, f"how often the value {row.value} was given", "once", str(row.times))
