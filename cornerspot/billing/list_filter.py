"""Which invoices a list shows: tabs, dates, customer, words; as conditions that an index can answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, and_, any_, func, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from cornerspot.billing.models import Invoice, InvoiceLine, Payment, PaymentAllocation
from cornerspot.billing.models.payment import PaymentStatus
from cornerspot.billing.states import UNPAID, InvoiceStatus
from cornerspot.crm.models import Account
from cornerspot.db import session
from cornerspot.kit.searching import search_form
from cornerspot.tenancy import team_today

S = InvoiceStatus
MOST_FOUND = 5000  # Of more matches the list is walked instead: then a page is full soon.
SHORTEST = 3  # letters that the index over parts of words needs
MOST_WORDS = 8

# The words of the address. Overdue is computed, and shows under Open too.
STATUSES: Mapping[str, tuple[InvoiceStatus, ...]] = {
    "draft": (S.DRAFT,),
    "open": (S.OPEN, S.PARTIALLY_PAID),
    "unpaid": (S.OPEN,),
    "partially_paid": (S.PARTIALLY_PAID,),
    "paid": (S.PAID,),
    "uncollectible": (S.UNCOLLECTIBLE,),
    "void": (S.VOID, S.CANCELLED),
    "cancelled": (S.CANCELLED,),
}
DATES = ("issued", "due", "paid")
UNNUMBERED = frozenset({S.DRAFT, S.CANCELLED})  # have no number and no dates, as the database holds them to


@dataclass(frozen=True)
class InvoiceFilter:
    """Which invoices are shown; empty values show all. ``names`` are keys of ``STATUSES``.

    ``since`` and ``until`` are days of issue, due dates, or days on which a payment was received
    that settles the invoice, as ``dated`` says, both included;
    ``sent`` is yes, no or empty.
    """

    search: str = ""
    names: tuple[str, ...] = ()
    overdue: bool = False
    sent: str = ""
    dated: str = "issued"
    since: date | None = None
    until: date | None = None
    account_id: UUID | None = None

    @property
    def is_empty(self) -> bool:
        return not self.names and not self.overdue and self.is_plain

    @property
    def is_plain(self) -> bool:
        """Whether at most a tab was chosen."""
        return replace(self, names=(), overdue=False, dated="issued") == InvoiceFilter()

    @property
    def statuses(self) -> tuple[InvoiceStatus, ...]:
        """The statuses that are shown, in the order of an invoice's life."""
        chosen = {status for name in self.names for status in STATUSES[name]} if self.names else set(S)
        return tuple(status for status in S if status in chosen and (not self.overdue or status in UNPAID))

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(self.search.replace("\0", " ").split()[:MOST_WORDS])

    def as_data(self) -> dict[str, Any]:
        """Plain values, for a row that remembers the filter."""
        kept = {"search": self.search, "names": list(self.names), "overdue": self.overdue, "sent": self.sent}
        days = {name: day.isoformat() for name in ("since", "until") if (day := getattr(self, name)) is not None}
        account = {"account_id": str(self.account_id)} if self.account_id else {}
        return {**kept, "dated": self.dated, **days, **account}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> InvoiceFilter:
        """The filter that ``as_data`` made these values of."""
        days = {name: date.fromisoformat(data[name]) for name in ("since", "until") if name in data}
        return cls(
            search=data.get("search", ""),
            names=tuple(data.get("names", ())),
            overdue=bool(data.get("overdue")),
            sent=data.get("sent", ""),
            dated=data.get("dated", "issued"),
            account_id=UUID(data["account_id"]) if data.get("account_id") else None,
            **days,
        )


@dataclass(frozen=True)
class Found:
    """A filter made ready: what it asks but for the status, and the ids that the search gave.

    ``ids`` is None where nothing is searched for, or where more match than anybody lists.
    """

    wanted: InvoiceFilter
    asked: tuple[ColumnElement[bool], ...]
    ids: list[UUID] | None = None

    @property
    def is_dense(self) -> bool:
        """Whether the search matches so many that it cannot be narrowed to ids."""
        return bool(self.wanted.words) and self.ids is None

    def where(self, statuses: tuple[InvoiceStatus, ...]) -> ColumnElement[bool]:
        """Everything that the filter asks, of invoices in one of these statuses."""
        return and_(Invoice.status.in_(statuses), *self.of(statuses))

    def of(self, statuses: Iterable[InvoiceStatus]) -> list[ColumnElement[bool]]:
        """What is asked of invoices in these statuses. Only drafts are ever in the Trash."""
        return [*self.asked, *([] if UNNUMBERED.isdisjoint(statuses) else [Invoice.deleted_at.is_(None)])]


def find(wanted: InvoiceFilter) -> Found:
    """The filter, searched: one statement where there are words, none otherwise."""
    asked: list[ColumnElement[bool]] = []
    if wanted.overdue:
        asked.append(Invoice.due_on < team_today())
    if wanted.sent:
        asked.append(Invoice.sent_at.is_not(None) if wanted.sent == "yes" else Invoice.sent_at.is_(None))
    asked.extend(_on_the_days(wanted))
    if wanted.account_id is not None:
        asked.append(Invoice.account_id == wanted.account_id)
    if not wanted.words:
        return Found(wanted, tuple(asked))
    ids = _ids_of(max(wanted.words, key=len))
    if ids is not None:
        asked.append(among(ids))
    if ids is None or len(wanted.words) > 1:
        asked.extend(matches(word) for word in wanted.words)
    return Found(wanted, tuple(asked), ids)


def _on_the_days(wanted: InvoiceFilter) -> list[ColumnElement[bool]]:
    column = {"due": Invoice.due_on, "paid": Payment.received_on}.get(wanted.dated, Invoice.issued_on)
    asked = [column >= wanted.since] if wanted.since is not None else []
    asked += [column <= wanted.until] if wanted.until is not None else []
    if wanted.dated != "paid" or not asked:
        return asked
    settled = select(PaymentAllocation.invoice_id).join(Payment, Payment.id == PaymentAllocation.payment_id)
    lives = PaymentAllocation.released_at.is_(None)
    return [Invoice.id.in_(settled.where(lives, Payment.status == PaymentStatus.COMPLETED, *asked))]


def _ids_of(word: str) -> list[UUID] | None:
    """The invoices that a word finds, by the owner's function; None when they are too many to list."""
    search = func.search_invoices(_pattern(word), _pattern(search_form(word)), MOST_FOUND, type_=ARRAY(Uuid))
    ids: list[UUID] | None = session.scalar(select(search))
    return None if ids is None else list(dict.fromkeys(ids))


def among(ids: list[UUID]) -> ColumnElement[bool]:
    """That an invoice is one of these: one value, where IN would send and plan thousands."""
    return Invoice.id == any_(literal(ids, ARRAY(Uuid)))


def matches(word: str) -> ColumnElement[bool]:
    """That an invoice has the word: the same as ``search_invoices`` asks, of one after the other."""
    pattern = _pattern(word)
    # Written once, in WITH: the statuses of a list each ask for them.
    customers = select(Account.id).where(Account.search_name.like(_pattern(search_form(word)))).cte()
    lines = select(InvoiceLine.id).where(
        InvoiceLine.tenant_id == Invoice.tenant_id,
        InvoiceLine.invoice_id == Invoice.id,
        InvoiceLine.description.ilike(pattern),
    )
    # With an offset the planner looks at the lines of one invoice, and never gathers all that match beforehand.
    one = lines.offset(0)
    return or_(Invoice.number.ilike(pattern), Invoice.account_id.in_(select(customers.c.id)), one.exists())


def _pattern(word: str) -> str:
    """What LIKE looks for: the word anywhere; a short number with its zeros, other short ones at the beginning."""
    if len(word) < SHORTEST and word.isascii() and word.isdigit():
        word = word.zfill(SHORTEST)
    escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%" if len(word) >= SHORTEST else f"{escaped}%"
