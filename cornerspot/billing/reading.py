"""Reading invoices: one with everything its page shows, sums per account or deal."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import joinedload, selectinload

from cornerspot.billing.models import Invoice
from cornerspot.billing.states import FINALIZED, UNPAID, InvoiceStatus
from cornerspot.db import session
from cornerspot.kit.errors import NotFound
from cornerspot.tenancy import team_today

S = InvoiceStatus


@dataclass(frozen=True)
class CurrencySums:
    """What invoices of one currency come to, in minor units; void and cancelled ones left out."""

    currency: str
    count: int
    invoiced_minor: int
    paid_minor: int
    outstanding_minor: int
    overdue_minor: int


def invoice_with_everything(invoice_id: UUID, *, trashed: bool = False) -> Invoice:
    """The invoice with lines, tax rows, account, contact and deal loaded; raises NotFound."""
    statement = (
        select(Invoice)
        .where(Invoice.id == invoice_id)
        .options(
            joinedload(Invoice.account),
            joinedload(Invoice.contact),
            joinedload(Invoice.deal),
            selectinload(Invoice.lines),
            selectinload(Invoice.tax_rows),
        )
    )
    invoice = session.scalars(statement).one_or_none()
    if invoice is None or (invoice.deleted_at is not None and not trashed):
        raise NotFound()
    return invoice


def copies_around(invoice: Invoice) -> tuple[Invoice | None, list[Invoice]]:
    """What the invoice was copied from, and the copies made of it that are not in the Trash; one statement."""
    wanted = Invoice.copied_from_id == invoice.id
    if invoice.copied_from_id is not None:
        wanted = wanted | (Invoice.id == invoice.copied_from_id)
    rows = session.scalars(select(Invoice).where(wanted, Invoice.deleted_at.is_(None)).order_by(Invoice.id)).all()
    source = next((row for row in rows if row.id == invoice.copied_from_id), None)
    return source, [row for row in rows if row is not source]


def invoices_of_deal(deal_id: UUID) -> list[Invoice]:
    """The deal's invoices, the newest first, with their customers."""
    return _listed(Invoice.deal_id == deal_id)


def sums_of_account(account_id: UUID) -> list[CurrencySums]:
    """What the account was invoiced, has paid and owes, per currency."""
    return _sums(Invoice.account_id == account_id)


def sums_of_deal(deal_id: UUID) -> list[CurrencySums]:
    """What was invoiced for the deal, paid and is owed, per currency."""
    return _sums(Invoice.deal_id == deal_id)


def _listed(where: ColumnElement[bool], *, limit: int = 200) -> list[Invoice]:
    statement = (
        select(Invoice)
        .where(where, Invoice.deleted_at.is_(None))
        .options(joinedload(Invoice.account))
        .order_by(Invoice.created_at.desc(), Invoice.id.desc())
        .limit(limit)
    )
    return list(session.scalars(statement))


def _sums(where: ColumnElement[bool]) -> list[CurrencySums]:
    owed = Invoice.status.in_(UNPAID)
    statement = (
        select(
            Invoice.currency,
            func.count(),
            func.sum(Invoice.total_minor),
            func.sum(Invoice.paid_minor),
            func.coalesce(func.sum(Invoice.balance_minor).filter(owed), 0),
            func.coalesce(func.sum(Invoice.balance_minor).filter(and_(owed, Invoice.due_on < team_today())), 0),
        )
        .where(where, Invoice.status.in_(FINALIZED - {S.VOID}))
        .group_by(Invoice.currency)
        .order_by(Invoice.currency)
    )
    return [CurrencySums(code, *map(int, numbers)) for code, *numbers in session.execute(statement)]
