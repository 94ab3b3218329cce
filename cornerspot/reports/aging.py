"""What customers owe by how late it is, on any day: the books as they stood when that day ended.

Of a past day, an invoice counts with its total less what was allocated to it by then, if it
was finalized by then and neither void nor uncollectible at that time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Select, and_, cast, func, not_, or_, select

from cornerspot.billing.models import Invoice, InvoiceTransition, PaymentAllocation
from cornerspot.billing.states import UNPAID, InvoiceStatus
from cornerspot.crm.models import Account
from cornerspot.db import session
from cornerspot.db.planning import planned_for_values
from cornerspot.kit import clock
from cornerspot.tenancy import current_team, team_today

S = InvoiceStatus
MOST_INVOICES = 500


@dataclass(frozen=True)
class Bucket:
    """Invoices that are late by so many days, both included; None is without end."""

    name: str
    label: str
    least: int | None
    most: int | None

    def due_dates(self, on: date) -> tuple[date | None, date | None]:
        """The first and the last due date of the bucket, seen from a day."""
        first = None if self.most is None else on - timedelta(days=self.most)
        last = None if self.least is None else on - timedelta(days=self.least)
        return first, last


BUCKETS = (
    Bucket("current", "Current", None, 0),
    Bucket("30", "1–30", 1, 30),
    Bucket("60", "31–60", 31, 60),
    Bucket("90", "61–90", 61, 90),
    Bucket("older", "90+", 91, None),
)
BUCKET_BY_NAME = {bucket.name: bucket for bucket in BUCKETS}


@dataclass(frozen=True)
class AgingRow:
    """What one customer owes, or all of them, in minor units, in the order of BUCKETS."""

    account_id: UUID | None
    name: str
    amounts: tuple[int, ...]

    @cached_property
    def total_minor(self) -> int:
        return sum(self.amounts)


@dataclass(frozen=True)
class Aging:
    """One currency: the customers, who owes most first, and their sum."""

    currency: str
    rows: tuple[AgingRow, ...]

    @cached_property
    def total(self) -> AgingRow:
        columns = zip(*(row.amounts for row in self.rows), strict=True)
        return AgingRow(None, "All accounts", tuple(sum(column) for column in columns))


def aging(on: date) -> list[Aging]:
    """What was owed when a day ended, per currency, the team's own first; one statement."""
    owed = _owed(on)
    amounts = [
        func.coalesce(func.sum(owed.c.owed).filter(_is_late(bucket, owed.c.due_on, on)), 0).label(f"b{at}")
        for at, bucket in enumerate(BUCKETS)
    ]
    statement = (
        select(owed.c.currency, owed.c.account_id, Account.name, *amounts)
        .select_from(owed)
        .outerjoin(Account, Account.id == owed.c.account_id)
        .where(owed.c.owed > 0)
        .group_by(owed.c.currency, owed.c.account_id, Account.name)
    )
    found: dict[str, list[AgingRow]] = {}
    for currency, account_id, name, *minors in session.execute(planned_for_values(statement)):
        row = AgingRow(account_id, name or "Without an account", tuple(int(minor) for minor in minors))
        found.setdefault(currency, []).append(row)
    home = current_team().currency
    return [
        Aging(code, tuple(sorted(found[code], key=lambda row: (-row.total_minor, row.name))))
        for code in sorted(found, key=lambda code: (code != home, code))
    ]


@dataclass(frozen=True)
class OwedInvoice:
    """An invoice behind a number of the report, with what was owed on it then."""

    id: UUID
    number: str
    account: str
    due_on: date
    total_minor: int
    owed_minor: int


def owed_invoices(
    on: date, currency: str, *, account_id: UUID | None = None, bucket: Bucket | None = None
) -> Sequence[OwedInvoice]:
    """The invoices behind a number of the report, the longest due first, at most MOST_INVOICES."""
    owed = _owed(on)
    where: list[ColumnElement[bool]] = [owed.c.owed > 0, owed.c.currency == currency]
    if account_id is not None:
        where.append(owed.c.account_id == account_id)
    if bucket is not None:
        where.append(_is_late(bucket, owed.c.due_on, on))
    statement = (
        select(owed, Account.name)
        .select_from(owed)
        .outerjoin(Account, Account.id == owed.c.account_id)
        .where(*where)
        .order_by(owed.c.due_on, owed.c.number)
        .limit(MOST_INVOICES)
    )
    return [
        OwedInvoice(row.id, row.number, row.name or "", row.due_on, row.total_minor, int(row.owed))
        for row in session.execute(planned_for_values(statement))
    ]


def _owed(on: date) -> Any:
    """Each invoice that may have been owed when the day ended, with what was."""
    columns = (
        Invoice.id,
        Invoice.number,
        Invoice.account_id,
        Invoice.currency,
        Invoice.due_on,
        Invoice.total_minor,
    )
    if on >= team_today():
        now = select(*columns, Invoice.balance_minor.label("owed")).where(Invoice.status.in_(sorted(UNPAID)))
        return now.subquery()
    return _owed_before(columns, clock.end_of(on, current_team().time_zone)).subquery()


def _owed_before(columns: Iterable[Any], end: datetime) -> Select[*tuple[Any, ...]]:
    settled = (
        select(func.coalesce(func.sum(PaymentAllocation.amount_minor), 0))
        .where(
            PaymentAllocation.invoice_id == Invoice.id,
            PaymentAllocation.created_at < end,
            or_(PaymentAllocation.released_at.is_(None), PaymentAllocation.released_at >= end),
        )
        .correlate(Invoice)
        .scalar_subquery()
    )
    status_then = (
        select(InvoiceTransition.to_status)
        .where(InvoiceTransition.invoice_id == Invoice.id, InvoiceTransition.happened_at < end)
        .order_by(InvoiceTransition.happened_at.desc(), InvoiceTransition.id.desc())
        .limit(1)
        .correlate(Invoice)
        .scalar_subquery()
    )
    # What has been paid, void or written off ever since needs no second look.
    over = or_(
        and_(Invoice.status == S.PAID, Invoice.paid_at < end),
        and_(Invoice.status == S.VOID, Invoice.voided_at < end),
        and_(Invoice.status == S.UNCOLLECTIBLE, Invoice.written_off_at < end),
    )
    return select(*columns, cast(Invoice.total_minor - settled, BigInteger).label("owed")).where(
        Invoice.finalized_at < end, not_(func.coalesce(over, False)), status_then.in_(sorted(UNPAID))
    )


def _is_late(bucket: Bucket, due_on: Any, on: date) -> ColumnElement[bool]:
    first, last = bucket.due_dates(on)
    limits = [due_on >= first] if first is not None else []
    return and_(*limits, due_on <= last) if last is not None else and_(*limits)
