"""What a filter of the list comes to, per currency: outstanding, overdue, collected this month."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Numeric, Select, Text, and_, cast, func, literal, select, union_all

from cornerspot.billing.list_filter import UNNUMBERED, Found
from cornerspot.billing.models import Invoice, Payment, PaymentAllocation
from cornerspot.billing.models.payment import PaymentStatus
from cornerspot.billing.states import UNPAID
from cornerspot.db import session
from cornerspot.db.planning import planned_for_values
from cornerspot.tenancy import current_team, team_today


@dataclass(frozen=True)
class ListTotals:
    """Sums of one currency in minor units. ``overdue`` is part of ``outstanding``.

    ``collected`` is what payments received since the first of the month settle of these invoices.
    """

    currency: str
    outstanding_minor: int = 0
    overdue_minor: int = 0
    collected_minor: int = 0


def list_totals(found: Found) -> list[ListTotals] | None:
    """The sums of everything that the filter shows, the team's currency first; one statement.

    None for a search that matches too many to be added up while somebody waits.
    """
    if found.is_dense:
        return None
    parts = [part for part in (_owed(found), _collected(found)) if part is not None]
    if not parts:
        return []
    every = union_all(*parts).subquery()
    sums = (func.sum(column) for column in (every.c.outstanding, every.c.overdue, every.c.collected))
    rows = session.execute(planned_for_values(select(every.c.currency, *sums).group_by(every.c.currency)))
    totals = [ListTotals(currency, *map(int, numbers)) for currency, *numbers in rows]
    shown = [one for one in totals if one.outstanding_minor or one.collected_minor]
    home = current_team().currency
    return sorted(shown, key=lambda one: (one.currency != home, one.currency))


def _owed(found: Found) -> Select[Any] | None:
    """What is owed, from the index over due dates alone where the filter asks nothing more."""
    statuses = tuple(status for status in found.wanted.statuses if status in UNPAID)
    if not statuses:
        return None
    late = func.sum(Invoice.balance_minor).filter(Invoice.due_on < team_today())
    owed = _part(Invoice.currency, func.sum(Invoice.balance_minor), func.coalesce(late, 0), literal(0))
    return owed.where(found.where(statuses)).group_by(Invoice.currency)


def _collected(found: Found) -> Select[Any] | None:
    received = and_(Payment.status == PaymentStatus.COMPLETED, Payment.received_on >= team_today().replace(day=1))
    if found.wanted.is_empty:
        settled = _part(Payment.currency, literal(0), literal(0), func.sum(Payment.allocated_minor))
        return settled.where(received).group_by(Payment.currency)
    statuses = tuple(status for status in found.wanted.statuses if status not in UNNUMBERED)
    if not statuses:
        return None
    return (
        _part(Payment.currency, literal(0), literal(0), func.sum(PaymentAllocation.amount_minor))
        .join(PaymentAllocation, PaymentAllocation.payment_id == Payment.id)
        .join(Invoice, Invoice.id == PaymentAllocation.invoice_id)
        .where(received, PaymentAllocation.released_at.is_(None), found.where(statuses))
        .group_by(Payment.currency)
    )


def _part(currency: Any, *sums: Any) -> Select[Any]:
    names = ("outstanding", "overdue", "collected")
    columns = (cast(total, Numeric).label(name) for name, total in zip(names, sums, strict=True))
    return select(cast(currency, Text).label("currency"), *columns)
