"""The list of invoices by customer: customers by name, each with its invoices, and what has none at the end.

The customer's name stands in another table, so no index of the invoices has this order. The
customers are walked along theirs, and of each only as many invoices are read as the page holds.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, literal, or_, select, true, tuple_, union_all
from sqlalchemy.orm import joinedload

from cornerspot.billing.list_filter import Found
from cornerspot.billing.models import Invoice
from cornerspot.crm.models import Account
from cornerspot.db import session
from cornerspot.db.base import SearchText
from cornerspot.db.keyset import Place, moment_key, page_of, read_place
from cornerspot.db.planning import planned_for_values
from cornerspot.kit.paging import Page
from cornerspot.kit.searching import LAST_LETTER

NOBODY = (LAST_LETTER, UUID(int=0))  # the place of invoices without a customer


def customers_page(found: Found, *, descending: bool, cursor: str | None, size: int) -> Page[Invoice]:
    """A page of invoices with their customers, by the customer's name."""
    place = read_place(cursor, (_text, _uuid, moment_key, _uuid))
    backward = descending is not place.is_backward
    heads = [read(found, place, backward, size + 1) for read in (_of_customers, _of_nobody)]
    merged = union_all(*(select(head.subquery()) for head in heads if head is not None)).subquery()
    columns = (merged.c.name, merged.c.account_id, merged.c.created_at, merged.c.id)
    statement = select(Invoice).join(merged, merged.c.id == Invoice.id).options(joinedload(Invoice.account))
    wanted = statement.order_by(*_ordered(columns, backward)).limit(size + 1)
    rows = list(session.scalars(planned_for_values(wanted)))
    return page_of(rows, place, size=size, key_of=_key)


def _of_customers(found: Found, place: Place, descending: bool, limit: int) -> Select[Any]:
    own = select(Invoice.created_at, Invoice.id).where(
        Invoice.account_id == Account.id, found.where(found.wanted.statuses)
    )
    accounts = tuple_(Account.search_name, Account.id)
    reached = []
    if place.key:
        own = own.where(or_(Account.id != place.key[1], _past(place, descending)))
        here = tuple_(*place.key[:2])
        reached = [accounts <= here if descending else accounts >= here]
    each = own.order_by(*_ordered((Invoice.created_at, Invoice.id), descending)).limit(limit).lateral("own")
    columns = (Account.search_name, Account.id, each.c.created_at, each.c.id)
    return (
        select(
            Account.search_name.label("name"),
            Account.id.label("account_id"),
            each.c.created_at.label("created_at"),
            each.c.id.label("id"),
        )
        .select_from(Account)
        .join(each, true())
        .where(*reached)
        .order_by(*_ordered(columns, descending))
        .limit(limit)
    )


def _of_nobody(found: Found, place: Place, descending: bool, limit: int) -> Select[Any] | None:
    """Drafts without a customer, behind all the others."""
    past = []
    if place.key and place.key[:2] == NOBODY:
        past = [_past(place, descending)]
    elif place.key and descending:
        return None
    columns: tuple[Any, ...] = (
        literal(NOBODY[0], SearchText).label("name"),
        literal(NOBODY[1]).label("account_id"),
        Invoice.created_at.label("created_at"),
        Invoice.id.label("id"),
    )
    return (
        select(*columns)
        .where(Invoice.account_id.is_(None), found.where(found.wanted.statuses), *past)
        .order_by(*_ordered((Invoice.created_at, Invoice.id), descending))
        .limit(limit)
    )


def _past(place: Place, descending: bool) -> ColumnElement[bool]:
    """That an invoice of the place's customer lies beyond it."""
    here, there = tuple_(Invoice.created_at, Invoice.id), tuple_(*place.key[2:])
    return here < there if descending else here > there


def _ordered(columns: tuple[Any, ...], descending: bool) -> list[Any]:
    return [column.desc() if descending else column.asc() for column in columns]


def _key(row: Invoice) -> tuple[Any, ...]:
    who = (row.account.search_name, row.account.id) if row.account else NOBODY
    return *who, row.created_at, row.id


def _text(value: Any) -> str:
    return str(value).replace("\0", "")


def _uuid(value: Any) -> UUID:
    return UUID(str(value))
