"""Invoice numbers: patterns, the counter without gaps, and numbers typed in by hand.

A number is taken from the counter in the transaction that finalizes the invoice,
in its last statements: the row lock makes others wait, and a rollback gives the
number back. So the series has no gap and no duplicate, whatever crashes.

A manual number does not use the counter up. It may not look like a number of the
pattern: otherwise the counter would one day meet it, and could only stop or leave
a gap.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from sqlalchemy import literal_column, select
from sqlalchemy.dialects.postgresql import insert

from cornerspot.billing.models import BillingSettings, Invoice, NumberSeries
from cornerspot.billing.settings import billing_settings
from cornerspot.db import session
from cornerspot.db.straight import as_text
from cornerspot.jobs.publishing import jobs_of
from cornerspot.jobs.queue import as_value, with_jobs
from cornerspot.kit import clock, ids
from cornerspot.kit.errors import Conflict, Invalid
from cornerspot.tenancy import team_today
from cornerspot.tenancy.straight import first_row_of_team

LONGEST_NUMBER = 32
KIND = "invoice"
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_SEQUENCE = re.compile(r"seq(?::0([1-9]))?")
_YEARS = ("YYYY", "YY")

_FIRST = insert(NumberSeries.__table__)  # type: ignore[arg-type]
_SERIES = NumberSeries.__table__.c
# Others wait for whoever sends it, so it is short on our side too.
_TAKE = with_jobs(
    as_text(
        _FIRST.on_conflict_do_update(
            index_elements=["tenant_id", "kind", "period"],
            set_={
                "last_value": _SERIES.last_value + literal_column("1"),
                "last_issued_on": _FIRST.excluded.last_issued_on,
            },
            where=_SERIES.last_issued_on.is_(None) | (_SERIES.last_issued_on <= _FIRST.excluded.last_issued_on),
        ).returning(_SERIES.last_value)
    ),
    giving="last_value",
)


def require_pattern(pattern: str, *, restart_yearly: bool) -> None:
    """Pass when the pattern gives every invoice another number; raises Invalid (number_pattern)."""
    names = _PLACEHOLDER.findall(pattern)
    literal = _PLACEHOLDER.sub("", pattern)
    unknown = [name for name in names if name not in (*_YEARS, "MM") and not _SEQUENCE.fullmatch(name)]
    if unknown:
        raise _refused(f"{{{unknown[0]}}} is not known. Use {{YYYY}}, {{YY}}, {{MM}}, {{seq}} or {{seq:06}}.")
    if sum(bool(_SEQUENCE.fullmatch(name)) for name in names) != 1:
        raise _refused("Put {seq} into the pattern exactly once: it is the counter.")
    if "{" in literal or "}" in literal or not literal.isprintable():
        raise _refused("Use plain text and the placeholders {YYYY}, {YY}, {MM}, {seq} or {seq:06}.")
    if restart_yearly and not set(names) & set(_YEARS):
        raise _refused("A counter that restarts every year needs the year in the pattern: {YYYY} or {YY}.")
    if len(format_number(pattern, 999_999, date(2000, 12, 31))) > LONGEST_NUMBER:
        raise _refused(f"Numbers would be longer than {LONGEST_NUMBER} characters. Shorten the text.")


def require_free_pattern(settings: BillingSettings) -> None:
    """Pass when the changed pattern cannot meet a number that exists; raises Invalid (number_pattern).

    Its next number must be free, and no number that was typed in by hand may look
    like one of the numbers to come.
    """
    upcoming = next_number(settings, on=team_today())
    if is_taken(upcoming):
        raise _refused(f"The next number would be {upcoming}, which an invoice has already. Change the text.")
    manual = session.scalars(select(Invoice.manual_number).where(Invoice.manual_number.is_not(None))).all()
    alike = next((number for number in manual if number and looks_like(settings.number_pattern, number)), None)
    if alike is not None:
        raise _refused(f"The number {alike}, typed in by hand, looks like this pattern. Change the text.")


def format_number(pattern: str, value: int, on: date) -> str:
    """The pattern's number for a counter value and an issue date."""

    def text(match: re.Match[str]) -> str:
        name = match[1]
        if name == "YYYY":
            return f"{on:%Y}"
        if name == "YY":
            return f"{on:%y}"
        if name == "MM":
            return f"{on:%m}"
        return str(value).zfill(_width(name))

    return _PLACEHOLDER.sub(text, pattern)


def looks_like(pattern: str, number: str) -> bool:
    """Whether the pattern could make this number one day."""
    made = re.escape(pattern)
    for name in _PLACEHOLDER.findall(pattern):
        digits = {"YYYY": r"\\d{4}", "YY": r"\\d{2}", "MM": r"\\d{2}"}.get(name, rf"\\d{{{_width(name)},}}")
        made = re.sub(re.escape(re.escape(f"{{{name}}}")), digits, made)
    return re.fullmatch(made, number, re.ASCII | re.IGNORECASE) is not None


def sequence_expression(pattern: str) -> str:
    """A regular expression, for PostgreSQL too, whose one group is the counter in the pattern's numbers."""
    made = re.escape(pattern)
    for name in _PLACEHOLDER.findall(pattern):
        digits = {"YYYY": r"\\d{4}", "YY": r"\\d{2}", "MM": r"\\d{2}"}.get(name, rf"(\\d{{{_width(name)},}})")
        made = re.sub(re.escape(re.escape(f"{{{name}}}")), digits, made)
    return f"^{made}$"


def require_usable_manual_number(number: str) -> None:
    """Pass when an invoice may be finalized under this number; raises Invalid (manual_number)."""
    if not number or number != number.strip() or not number.isprintable():
        raise Invalid("Use letters, digits and signs, without spaces at the ends.", field="manual_number")
    if len(number) > LONGEST_NUMBER:
        raise Invalid(f"Use at most {LONGEST_NUMBER} characters.", field="manual_number")
    if looks_like(billing_settings().number_pattern, number):
        raise Invalid(
            "This looks like a number of the series, which are given at finalize without a gap."
            " Leave it empty, or use another form.",
            field="manual_number",
        )
    if is_taken(number):
        raise Invalid(f"Another invoice has the number {number}.", field="manual_number")


def is_taken(number: str) -> bool:
    """Whether a finalized invoice of the team has this number."""
    return session.scalars(select(Invoice.id).where(Invoice.number == number)).first() is not None


def take_number(settings: BillingSettings, event: Any, *, on: date) -> str:
    """The next number of the series, taken for an issue date; the series stays locked, the event is published.

    Call it last: everybody who finalizes in this team waits from here to the commit.
    Raises Invalid (invoice_on) when a later date was issued before.
    """
    taken = first_row_of_team(
        _TAKE,
        {
            "id": ids.new_id(),
            "created_at": clock.now(),
            "kind": KIND,
            "period": _period(settings, on),
            "last_value": 1,
            "last_issued_on": on,
            "jobs": as_value(jobs_of(event)),
        },
    )
    if taken is None:
        raise Invalid(
            "An invoice with a later date has a number already. Choose a later invoice date,"
            " so that numbers and dates go up together.",
            field="invoice_on",
        )
    number = format_number(settings.number_pattern, taken[0], on)
    if len(number) > LONGEST_NUMBER:
        raise Conflict("The next number is too long. Shorten the number pattern in Settings → Invoices.")
    return number


def next_number(settings: BillingSettings, *, on: date) -> str:
    """The number that an invoice finalized now would get; nothing is taken."""
    series = current_series(settings, on=on)
    return format_number(settings.number_pattern, (series.last_value if series else 0) + 1, on)


def current_series(settings: BillingSettings, *, on: date) -> NumberSeries | None:
    """The counter for an issue date, or None before the first number."""
    return session.scalars(
        select(NumberSeries).where(NumberSeries.kind == KIND, NumberSeries.period == _period(settings, on))
    ).one_or_none()


def _period(settings: BillingSettings, on: date) -> str:
    return f"{on:%Y}" if settings.restart_yearly else ""


def _width(name: str) -> int:
    match = _SEQUENCE.fullmatch(name)
    return int(match[1] or 1) if match else 1


def _refused(sentence: str) -> Invalid:
    return Invalid(sentence, field="number_pattern")
