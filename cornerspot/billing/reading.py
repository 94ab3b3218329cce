"""Reading invoices: the list by status, one with everything its page shows, sums per account or deal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, literal, select, tuple_, union_all
from sqlalchemy.orm import joinedload, selectinload

from cornerspot.billing.models import Invoice, Payment, PaymentAllocation
from cornerspot.billing.states import FINALIZED, UNPAID, InvoiceStatus
from cornerspot.db import session
from cornerspot.kit.errors import NotFound
from cornerspot.kit.paging import Page, decode_cursor, encode_cursor
from cornerspot.tenancy import team_today

S = InvoiceStatus
PAGE_SIZE = 50
MOST_COUNTED = 100  # A count stops there, so that a list of a million opens as fast as one of a hundred.

# The tabs of the list. Overdue is computed, and shows under Open too.
FILTERS: Mapping[str, tuple[InvoiceStatus, ...]] = {
    "all": tuple(S),
    "draft": (S.DRAFT,),
    "open": (S.OPEN, S.PARTIALLY_PAID),
    "overdue": (S.OPEN, S.PARTIALLY_PAID),
    "paid": (S.PAID,),
    "uncollectible": (S.UNCOLLECTIBLE,),
    "void": (S.VOID, S.CANCELLED),
}


@dataclass(frozen=True)
class PaymentRow:
    """A payment as one invoice sees it; ``amount_minor`` is the part that settles this invoice."""

    payment: Payment
    amount_minor: int


@dataclass(frozen=True)
class CurrencySums:
    """What invoices of one currency come to, in minor units; void and cancelled ones left out."""

    currency: str
    count: int
    invoiced_minor: int
    paid_minor: int
    outstanding_minor: int
    overdue_minor: int


def invoices_page(
    *,
    status: str = "all",
    account_id: UUID | None = None,
    after: str | None = None,
    before: str | None = None,
    size: int = PAGE_SIZE,
) -> Page[Invoice]:
    """A page of invoices, the newest first, with their customers; cursors that cannot be read start over.

    Each status is read along its own index and the heads are merged, so that the time
    depends on the page and not on how many invoices there are.
    """
    older, newer = _cursor(after), _cursor(before)
    key = tuple_(Invoice.created_at, Invoice.id)
    backwards = newer is not None and older is None
    where = [_in_filter(status), Invoice.deleted_at.is_(None)]
    if account_id is not None:
        where.append(Invoice.account_id == account_id)
    if older is not None:
        where.append(key < tuple_(*older))
    elif newer is not None:
        where.append(key > tuple_(*newer))
    order = (Invoice.created_at, Invoice.id) if backwards else (Invoice.created_at.desc(), Invoice.id.desc())
    rows = list(session.scalars(_merged(status, where, order, size + 1).options(joinedload(Invoice.account))))
    more, rows = len(rows) > size, rows[:size]
    if backwards:
        rows.reverse()
    has_newer = more if backwards else older is not None
    has_older = True if backwards else more
    return Page(
        rows,
        next_cursor=_cursor_of(rows[-1]) if rows and has_older else None,
        previous_cursor=_cursor_of(rows[0]) if rows and has_newer else None,
    )


def invoice_counts() -> dict[str, int]:
    """How many invoices each tab of the list has, counted up to ``MOST_COUNTED``; one statement."""
    counts = []
    for name in FILTERS:
        some = select(literal(1)).select_from(Invoice).where(_in_filter(name), Invoice.deleted_at.is_(None))
        limited = some.limit(MOST_COUNTED).subquery()
        counts.append(select(func.count()).select_from(limited).scalar_subquery().label(name))
    return dict(session.execute(select(*counts)).mappings().one())


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


def payments_of(invoice: Invoice) -> list[PaymentRow]:
    """The payments of an invoice, undone ones too, the newest first."""
    statement = (
        select(Payment, PaymentAllocation.amount_minor)
        .join(PaymentAllocation, PaymentAllocation.payment_id == Payment.id)
        .where(PaymentAllocation.invoice_id == invoice.id)
        .order_by(Payment.received_on.desc(), Payment.id.desc())
    )
    return [PaymentRow(payment, amount) for payment, amount in session.execute(statement)]


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


def _in_filter(status: str) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = Invoice.status.in_(FILTERS[status])
    if status == "overdue":
        condition = and_(condition, Invoice.due_on < team_today(), Invoice.balance_minor > 0)
    return condition if status != "all" else literal(True)


def _merged(status: str, where: Sequence[ColumnElement[bool]], order: tuple[Any, ...], limit: int) -> Select[Invoice]:
    """The first rows of all statuses of a filter, in order."""
    if status == "all":
        return select(Invoice).where(*where).order_by(*order).limit(limit)
    heads = [
        select(Invoice.id.label("id")).where(Invoice.status == one, *where).order_by(*order).limit(limit).subquery()
        for one in FILTERS[status]
    ]
    ids = union_all(*(select(head.c.id) for head in heads)).subquery()
    return select(Invoice).where(Invoice.id.in_(select(ids.c.id))).order_by(*order).limit(limit)


def _cursor_of(invoice: Invoice) -> str:
    return encode_cursor(invoice.created_at.isoformat(), str(invoice.id))


def _cursor(text: str | None) -> tuple[datetime, UUID] | None:
    try:
        created_at, invoice_id = decode_cursor(text or "", parts=2)
        moment = datetime.fromisoformat(str(created_at))
        return (moment, UUID(str(invoice_id))) if moment.tzinfo else None
    except ValueError:
        return None
