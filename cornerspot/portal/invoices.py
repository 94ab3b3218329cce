"""An account's invoices as its members read them: final ones alone, never a draft or a cancelled one."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select

from cornerspot.billing.models import Invoice
from cornerspot.billing.states import FINALIZED, UNPAID, InvoiceStatus
from cornerspot.db import session
from cornerspot.db.keyset import SortKey, day_key, keyset_page
from cornerspot.db.planning import planned_for_values
from cornerspot.kit.paging import Page
from cornerspot.tenancy import team_today

PAGE_SIZE = 25
MOST_DUE = 5
FILTERS = ("all", "open", "overdue", "paid")
_NEWEST = SortKey(Invoice.issued_on, lambda row: row.issued_on, day_key, descending=True)


@dataclass(frozen=True)
class Due:
    """What an account owes in one currency, in minor units; ``processing_minor`` of it is on its way."""

    currency: str
    count: int
    open_minor: int
    overdue_count: int
    overdue_minor: int
    processing_minor: int


def member_invoices_page(
    account_id: UUID, *, status: str = "all", search: str = "", cursor: str | None = None
) -> Page[Invoice]:
    """A page of the account's invoices, the newest first; ``search`` is a part of the number."""
    statement = select(Invoice).where(Invoice.account_id == account_id, _in_filter(status))
    if search.strip():
        statement = statement.where(func.lower(Invoice.number).contains(search.strip().lower(), autoescape=True))
    return keyset_page(planned_for_values(statement), Invoice, _NEWEST, cursor=cursor, size=PAGE_SIZE)


def due_of_account(account_id: UUID) -> list[Due]:
    """What the account owes, per currency; empty when nothing is open."""
    late = Invoice.due_on < team_today()
    statement = (
        select(
            Invoice.currency,
            func.count(),
            func.sum(Invoice.balance_minor),
            func.count().filter(late),
            func.coalesce(func.sum(Invoice.balance_minor).filter(late), 0),
            func.sum(Invoice.processing_minor),
        )
        .where(Invoice.account_id == account_id, _is_open())
        .group_by(Invoice.currency)
        .order_by(Invoice.currency)
    )
    return [Due(currency, *map(int, numbers)) for currency, *numbers in session.execute(statement)]


def due_invoices(account_id: UUID) -> list[Invoice]:
    """The open invoices that are due first, at most five."""
    statement = select(Invoice).where(Invoice.account_id == account_id, _is_open())
    return list(session.scalars(statement.order_by(Invoice.due_on, Invoice.id).limit(MOST_DUE)))


def _in_filter(status: str) -> ColumnElement[bool]:
    if status == "open":
        return _is_open()
    if status == "overdue":
        return and_(_is_open(), Invoice.due_on < team_today())
    return Invoice.status == InvoiceStatus.PAID if status == "paid" else Invoice.status.in_(FINALIZED)


def _is_open() -> ColumnElement[bool]:
    return and_(Invoice.status.in_(UNPAID), Invoice.balance_minor > 0)
