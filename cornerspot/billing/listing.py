"""The list of invoices: filtered, searched, sorted by any column, a page at a time, with its counts.

Each status is read along its own index and the heads are merged, a row at a time as the page
fills, so that the time depends on the page and not on how many invoices there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, or_, select, tuple_, union_all
from sqlalchemy.orm import InstrumentedAttribute, joinedload

from cornerspot.billing.list_customers import customers_page
from cornerspot.billing.list_filter import UNNUMBERED, Found, InvoiceFilter, among, find
from cornerspot.billing.models import Dispute, Invoice, PaymentAllocation
from cornerspot.billing.states import InvoiceStatus
from cornerspot.db import session
from cornerspot.db.keyset import Place, day_key, moment_key, page_of, read_place
from cornerspot.db.planning import planned_for_values
from cornerspot.kit.paging import Page

S = InvoiceStatus
PAGE_SIZE = 50
FEW_UNSENT = 2000
MOST_COUNTED = 100  # A count stops there, so that a list of a million opens as fast as one of a hundred.

# The tabs of the list.
TABS: dict[str, InvoiceFilter] = {
    "all": InvoiceFilter(),
    "draft": InvoiceFilter(names=("draft",)),
    "open": InvoiceFilter(names=("open",)),
    "overdue": InvoiceFilter(overdue=True),
    "paid": InvoiceFilter(names=("paid",)),
    "uncollectible": InvoiceFilter(names=("uncollectible",)),
    "void": InvoiceFilter(names=("void",)),
}


@dataclass(frozen=True)
class Sort:
    """A column to sort by, and how a cursor's text becomes its value again.

    ``begins`` says whether the first click shows the least or the most. What has no value
    counts as more than any. ``by_status`` puts the statuses in the order of an invoice's life.
    """

    column: InstrumentedAttribute[Any]
    read: Callable[[Any], Any]
    begins: str = "most"
    may_be_empty: bool = False
    by_status: bool = False

    def rank(self, status: InvoiceStatus) -> int:
        return list(S).index(status) if self.by_status else 0


def _text(value: Any) -> str:
    return str(value).replace("\0", "")


NEWEST = "newest"
UNSENT_ORDERS = frozenset({Invoice.created_at.key, Invoice.due_on.key})  # The indexes over what was not sent.
CUSTOMER = "customer"
SORTS: dict[str, Sort] = {
    NEWEST: Sort(Invoice.created_at, moment_key),
    "number": Sort(Invoice.number, _text, may_be_empty=True),
    "issued": Sort(Invoice.issued_on, day_key, may_be_empty=True),
    "due": Sort(Invoice.due_on, day_key, may_be_empty=True),
    "total": Sort(Invoice.total_minor, int),
    "balance": Sort(Invoice.balance_minor, int),
    "status": Sort(Invoice.created_at, moment_key, begins="least", by_status=True),
}
SORT_NAMES = (*SORTS, CUSTOMER)


@dataclass(frozen=True)
class Order:
    """A list's order: the name of a sort, and its direction."""

    name: str = NEWEST
    descending: bool = True


def natural_order(wanted: InvoiceFilter) -> Order:
    """The order of a list that nobody sorted: by the dates that it is limited to, the newest first otherwise."""
    limited = bool(wanted.since or wanted.until)
    return Order(wanted.dated) if limited and wanted.dated in SORTS else Order()


def invoices_page(
    wanted: InvoiceFilter | Found,
    order: Order | None = None,
    *,
    cursor: str | None = None,
    size: int = PAGE_SIZE,
) -> Page[Invoice]:
    """A page of invoices with their customers; a cursor that cannot be read starts over."""
    found = wanted if isinstance(wanted, Found) else find(wanted)
    order = order or natural_order(found.wanted)
    if order.name == CUSTOMER:
        return customers_page(found, descending=order.descending, cursor=cursor, size=size)
    sort = SORTS[order.name]
    read = (lambda value: None if value is None else sort.read(value)) if sort.may_be_empty else sort.read
    place = read_place(cursor, (int, read, lambda value: UUID(str(value))))
    rare = _rarely_unsent(found, sort)
    walk = _Walk(sort, place, descending=order.descending is not place.is_backward, limit=size + 1, rare=rare)
    statement = walk.of_ids(found) if found.ids is not None else walk.merged(found)
    rows = [] if statement is None else _rows(statement)
    return page_of(rows, place, size=size, key_of=lambda row: _key(sort, row))


def _rarely_unsent(found: Found, sort: Sort) -> dict[InvoiceStatus, list[UUID]]:
    """What was not sent of the statuses of which that is so little that it is named, not walked for.

    PostgreSQL cannot know: it takes as many of the paid ones for unsent as of the open ones.
    """
    if (
        found.wanted.sent != "no"
        or found.wanted.account_id
        or found.ids is not None
        or sort.column.key in UNSENT_ORDERS
    ):
        return {}
    ids: dict[InvoiceStatus, list[UUID]] = {status: [] for status in found.wanted.statuses}
    unsent = (select(Invoice.status, Invoice.id).where(Invoice.status == one, Invoice.sent_at.is_(None)) for one in ids)
    first = [one.order_by(Invoice.created_at).limit(FEW_UNSENT).subquery() for one in unsent]
    for status, row_id in session.execute(planned_for_values(union_all(*map(select, first)))) if first else ():
        ids[S(status)].append(row_id)
    return {status: those for status, those in ids.items() if len(those) < FEW_UNSENT}


def _rows(statement: Select[Invoice]) -> list[Invoice]:
    return list(session.scalars(planned_for_values(statement.options(joinedload(Invoice.account)))))


def disputed_among(invoices: Iterable[Invoice]) -> set[UUID]:
    """Which of these invoices have a payment that a bank is asking back."""
    ids = [invoice.id for invoice in invoices if invoice.paid_minor or invoice.refunded_minor]
    if not ids:
        return set()
    asked_back = select(PaymentAllocation.invoice_id).join(Dispute, Dispute.payment_id == PaymentAllocation.payment_id)
    return set(session.scalars(asked_back.where(PaymentAllocation.invoice_id.in_(ids), Dispute.closed_at.is_(None))))


def invoice_counts() -> dict[str, int]:
    """How many invoices each tab of the list has, counted up to ``MOST_COUNTED``; one statement."""
    counts = [_counted(find(tab), MOST_COUNTED).label(name) for name, tab in TABS.items()]
    return dict(session.execute(planned_for_values(select(*counts))).mappings().one())


def count_invoices(found: Found, *, most: int) -> int:
    """How many invoices a filter shows, counted up to ``most``."""
    return session.scalar(planned_for_values(select(_counted(found, most)))) or 0


def invoice_ids(found: Found, *, most: int) -> list[UUID]:
    """The ids of what a filter shows, the oldest first, at most so many."""
    wanted = select(Invoice.id).where(found.where(found.wanted.statuses)).order_by(Invoice.id).limit(most)
    return list(session.scalars(planned_for_values(wanted)))


def _counted(found: Found, most: int) -> Any:
    limited = select(literal(1)).select_from(Invoice).where(found.where(found.wanted.statuses)).limit(most).subquery()
    return select(func.count()).select_from(limited).scalar_subquery()


def _key(sort: Sort, row: Invoice) -> tuple[Any, ...]:
    return sort.rank(S(row.status)), getattr(row, sort.column.key), row.id


@dataclass(frozen=True)
class _Walk:
    """A way along the list from a place on."""

    sort: Sort
    place: Place
    descending: bool
    limit: int
    rare: Mapping[InvoiceStatus, list[UUID]]  # the only ones of a status that can be shown, where they are few

    def merged(self, found: Found) -> Select[Invoice] | None:
        """The first rows of all statuses together; None when no status has any left.

        The heads are in the order of the whole, so that PostgreSQL merges them and reads of each no
        more than the page takes. By status their rank comes first, and they are sorted.
        """
        heads = [head.subquery() for status in found.wanted.statuses if (head := self._head(found, status)) is not None]
        if not heads:
            return None
        rows = union_all(*(select(head) for head in heads)).subquery()
        statement = select(Invoice).join(rows, and_(rows.c.id == Invoice.id))
        order = (*([rows.c.rank] if self.sort.by_status else []), rows.c.key, rows.c.id)
        return statement.order_by(*self._ordered(*order)).limit(self.limit)

    def of_ids(self, found: Found) -> Select[Invoice]:
        """The first rows of a search, which are few enough to be sorted."""
        beyond = [(status, self._beyond(status)) for status in found.wanted.statuses]
        here = [and_(Invoice.status == status, *more) for status, more in beyond if more is not None]
        ranks = case({status: self.sort.rank(status) for status in S}, value=Invoice.status)
        statement = select(Invoice).where(or_(*here) if here else literal(False), *found.of(found.wanted.statuses))
        order = self._ordered(ranks, self.sort.column, Invoice.id)
        return statement.order_by(*order).limit(self.limit)

    def _head(self, found: Found, status: InvoiceStatus) -> Select[Any] | None:
        more = self._beyond(status)
        if more is None:
            return None
        key = self.sort.column
        columns = (literal(self.sort.rank(status)).label("rank"), key.label("key"), Invoice.id.label("id"))
        statement = select(*columns).where(Invoice.status == status, *found.of((status,)), *more)
        if status in self.rare:
            statement = statement.where(among(self.rare[status]))
        return statement.order_by(*self._ordered(key, Invoice.id)).limit(self.limit)

    def _beyond(self, status: InvoiceStatus) -> list[ColumnElement[bool]] | None:
        """What rows of a status must meet to lie beyond the place: nothing, something, or None when none do."""
        if not self.place.key:
            return []
        rank, key, row_id = self.place.key
        own_rank = self.sort.rank(status)
        if own_rank != rank:
            return [] if (own_rank < rank) is self.descending else None
        is_empty = self.sort.may_be_empty and status in UNNUMBERED
        if is_empty or key is None:
            if not (is_empty and key is None):  # What is empty comes after all the rest, or before it.
                return [] if is_empty is not self.descending else None
            return [Invoice.id < row_id if self.descending else Invoice.id > row_id]
        here, there = tuple_(self.sort.column, Invoice.id), tuple_(key, row_id)
        return [here < there if self.descending else here > there]

    def _ordered(self, *columns: Any) -> list[Any]:
        return [column.desc() if self.descending else column.asc() for column in columns]
