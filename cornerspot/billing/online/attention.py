"""Reading what needs attention: the exceptions, a page at a time, with the invoices they are about."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select

from cornerspot.billing.models import Invoice, PaymentException
from cornerspot.db import session
from cornerspot.db.keyset import SortKey, keyset_page, moment_key
from cornerspot.kit.paging import Page
from cornerspot.payments.models import ProcessorAccount
from cornerspot.people.models import Membership, Person

PAGE_SIZE = 50
_NEWEST = SortKey(PaymentException.created_at, lambda row: row.created_at, moment_key, descending=True)


def exceptions_page(*, resolved: bool = False, cursor: str | None = None) -> Page[PaymentException]:
    """A page of the exceptions that wait for somebody, or of those that were resolved, the newest first."""
    is_open = PaymentException.resolved_at.is_(None)
    statement = select(PaymentException).where(~is_open if resolved else is_open)
    return keyset_page(statement, PaymentException, _NEWEST, cursor=cursor, size=PAGE_SIZE)


def numbers_of(exceptions: Iterable[PaymentException]) -> dict[UUID, str]:
    """The numbers of the invoices that exceptions are about."""
    wanted = {row.invoice_id for row in exceptions if row.invoice_id is not None}
    if not wanted:
        return {}
    rows = session.execute(select(Invoice.id, Invoice.number).where(Invoice.id.in_(wanted)))
    return {invoice_id: number or "" for invoice_id, number in rows}


def names_of(membership_ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """The names of the teammates who resolved or asked for something."""
    wanted = {one for one in membership_ids if one is not None}
    if not wanted:
        return {}
    named = select(Membership.id, Person.name).join(Person, Person.id == Membership.person_id)
    rows = session.execute(named.where(Membership.id.in_(wanted)))
    return {row[0]: row[1] for row in rows}


def newest_connection() -> ProcessorAccount | None:
    """The team's connection, or the last one that it had."""
    return session.scalars(select(ProcessorAccount).order_by(ProcessorAccount.connected_at.desc()).limit(1)).first()
