"""Statements of account: what a customer owed, what happened in a period, what they owe then. Per currency.

Nothing is stored for it: everything is read from invoices, payments and what was taken back
of them. A movement above zero makes the customer owe more, one below zero less::

    opening + the sum of the movements = closing = open balances of invoices − credit

A payment counts from the day it was received, whichever invoice it settled then or later;
one that was recorded by mistake never was. What was refunded without being asked for again
stands there twice, as given back and as waived, for the invoice stays paid.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Date,
    DateTime,
    Select,
    and_,
    cast,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    union_all,
)

from cornerspot.billing.models import Invoice, Payment, PaymentReturn
from cornerspot.billing.models.payment import PaymentStatus
from cornerspot.billing.states import FINALIZED, InvoiceStatus
from cornerspot.db import session
from cornerspot.kit import clock
from cornerspot.kit.errors import Invalid
from cornerspot.tenancy import current_team, team_today

S = InvoiceStatus
LONGEST_DAYS = 3 * 366
EARLIEST, LATEST = date(1970, 1, 1), date(9999, 1, 1)  # Nothing moved before or after.
# In the order in which a day's movements are told.
KINDS = ("invoice", "payment", "refund", "dispute", "returned", "waived", "void", "closed")
_CHARGES = frozenset(("invoice", "void", "closed"))
_RETURNS = frozenset(("refund", "dispute", "returned"))


@dataclass(frozen=True)
class Movement:
    """One thing that changed what is owed, in minor units; ``number`` is the invoice's, if it is of one."""

    on: date
    kind: str
    amount_minor: int
    number: str | None
    invoice_id: UUID | None
    payment_id: UUID | None
    method: str
    balance_minor: int  # what is owed after it


@dataclass(frozen=True)
class Statement:
    """A customer's account in one currency over a period, both days counted; below zero is credit."""

    currency: str
    opening_minor: int
    movements: tuple[Movement, ...]
    closing_minor: int

    @property
    def invoiced_minor(self) -> int:
        """What was invoiced, less what was withdrawn or is not asked for any more."""
        return sum(row.amount_minor for row in self.movements if row.kind in _CHARGES)

    @property
    def paid_minor(self) -> int:
        """What was received."""
        return -sum(row.amount_minor for row in self.movements if row.kind == "payment")

    @property
    def given_back_minor(self) -> int:
        """What went back to the customer, less what came back of it."""
        return sum(row.amount_minor for row in self.movements if row.kind in _RETURNS)

    @property
    def waived_minor(self) -> int:
        """What was given back without being asked for again."""
        return -sum(row.amount_minor for row in self.movements if row.kind == "waived")


def statements_of(account_id: UUID, *, since: date, until: date) -> list[Statement]:
    """The account's statements over a period, by currency; those with nothing to tell are left out.

    Raises Invalid for a period that ends before it begins, or of more than three years.
    """
    if until < since:
        raise Invalid("The last day is before the first.", field="until")
    if (until - since).days > LONGEST_DAYS:
        raise Invalid("Choose a period of at most three years.", field="since")
    moved = _movements(account_id).subquery()
    day_before = max(since, EARLIEST) - timedelta(days=1)
    owed = balances_on(account_id, day_before)
    within = select(moved).where(not_(_until(moved, day_before)), _until(moved, until))
    rows = sorted(session.execute(within).all(), key=_place)
    currencies = sorted({*(code for code, minor in owed.items() if minor), *(row.currency for row in rows)})
    return [_statement(code, owed.get(code, 0), [row for row in rows if row.currency == code]) for code in currencies]


def balances_on(account_id: UUID, day: date) -> dict[str, int]:
    """What the account owed at the end of a day, per currency in minor units; below zero is credit."""
    moved = _movements(account_id).subquery()
    statement = select(moved.c.currency, func.sum(moved.c.amount_minor)).where(_until(moved, day))
    return {code: int(minor) for code, minor in session.execute(statement.group_by(moved.c.currency))}


def usual_period() -> tuple[date, date]:
    """From the first day of the month three months ago until today."""
    today = team_today()
    month = today.month - 3
    return (today.replace(month=month, day=1) if month > 0 else date(today.year - 1, month + 12, 1)), today


def _statement(currency: str, opening_minor: int, rows: list[Any]) -> Statement:
    balance, movements = opening_minor, []
    for row in rows:
        balance += row.amount_minor
        movements.append(
            Movement(
                on=_day(row),
                kind=row.kind,
                amount_minor=row.amount_minor,
                number=row.number,
                invoice_id=row.invoice_id,
                payment_id=row.payment_id,
                method=row.method,
                balance_minor=balance,
            )
        )
    return Statement(currency, opening_minor, tuple(movements), balance)


def _movements(account_id: UUID) -> CompoundSelect[Any]:
    return union_all(*_of_invoices(account_id), *_of_payments(account_id))


def _of_invoices(account_id: UUID) -> list[Select[Any]]:
    """Issued, withdrawn, not asked for any more."""
    issued = _of_invoice("invoice", Invoice.issued_on, Invoice.total_minor).where(Invoice.status.in_(FINALIZED))
    void = _of_invoice("void", Invoice.voided_at, -Invoice.total_minor).where(Invoice.status == S.VOID)
    # What was owed when it was closed; what was taken back later is closed on its own day.
    reopened = (
        select(func.coalesce(func.sum(PaymentReturn.amount_minor), 0))
        .where(*_taken_after_closing(), PaymentReturn.invoice_id == Invoice.id)
        .correlate(Invoice)
        .scalar_subquery()
    )
    closed = _of_invoice("closed", Invoice.written_off_at, reopened - Invoice.balance_minor)
    later = (
        _of_invoice("closed", PaymentReturn.created_at, -PaymentReturn.amount_minor)
        .join(PaymentReturn, PaymentReturn.invoice_id == Invoice.id)
        .where(*_taken_after_closing())
    )
    mine = Invoice.account_id == account_id
    is_closed = Invoice.status == S.UNCOLLECTIBLE
    return [issued.where(mine), void.where(mine), closed.where(mine, is_closed), later.where(mine, is_closed)]


def _taken_after_closing() -> tuple[Any, ...]:
    return (
        PaymentReturn.still_owed,
        PaymentReturn.reverted_at.is_(None),
        PaymentReturn.created_at > Invoice.written_off_at,
    )


def _of_payments(account_id: UUID) -> list[Select[Any]]:
    """Received, given back, back again, waived."""
    taken = PaymentReturn.amount_minor
    went, came = PaymentReturn.created_at, PaymentReturn.reverted_at
    is_back, is_waived = (
        PaymentReturn.reverted_at.is_not(None),
        and_(PaymentReturn.invoice_id.is_not(None), ~PaymentReturn.still_owed),
    )
    received = _of_payment("payment", Payment.received_on, -Payment.amount_minor)
    of_cause = (
        _of_return("refund", went, taken).where(PaymentReturn.refund_id.is_not(None)),
        _of_return("dispute", went, taken).where(PaymentReturn.dispute_id.is_not(None)),
        _of_return("returned", came, -taken).where(is_back),
        _of_return("waived", went, -taken).where(is_waived),
        _of_return("waived", came, taken).where(is_waived, is_back),
    )
    counted = and_(Payment.account_id == account_id, Payment.status == PaymentStatus.COMPLETED)
    return [one.where(counted) for one in (received, *of_cause)]


def _of_invoice(kind: str, on: Any, amount: Any) -> Select[Any]:
    columns = _columns(kind, on, amount, Invoice.currency, number=Invoice.number, invoice_id=Invoice.id)
    return select(*columns, Invoice.id.label("id"))


def _of_payment(kind: str, on: Any, amount: Any) -> Select[Any]:
    columns = _columns(kind, on, amount, Payment.currency, payment_id=Payment.id, method=_method())
    return select(*columns, Payment.id.label("id"))


def _of_return(kind: str, on: Any, amount: Any) -> Select[Any]:
    columns = _columns(
        kind,
        on,
        amount,
        Payment.currency,
        number=Invoice.number,
        invoice_id=PaymentReturn.invoice_id,
        payment_id=Payment.id,
        method=_method(),
    )
    return (
        select(*columns, PaymentReturn.id.label("id"))
        .join(Payment, Payment.id == PaymentReturn.payment_id)
        .outerjoin(Invoice, Invoice.id == PaymentReturn.invoice_id)
    )


def _columns(kind: str, on: Any, amount: Any, currency: Any, **more: Any) -> list[Any]:
    """``on`` is a date, or a moment, whose day the app tells: the database may know other rules of its zone."""
    uuid = Payment.id.type
    is_moment = isinstance(on.type, DateTime)
    return [
        (cast(null(), Date) if is_moment else on).label("on"),
        (on if is_moment else cast(null(), DateTime(timezone=True))).label("at"),
        literal(kind).label("kind"),
        literal(KINDS.index(kind)).label("rank"),
        cast(amount, BigInteger).label("amount_minor"),
        currency.label("currency"),
        more.get("number", cast(null(), Invoice.number.type)).label("number"),
        more.get("invoice_id", cast(null(), uuid)).label("invoice_id"),
        more.get("payment_id", cast(null(), uuid)).label("payment_id"),
        more.get("method", literal("")).label("method"),
    ]


def _method() -> Any:
    """What the payer knows it by: Visa 4242, else how it was paid."""
    return func.coalesce(func.nullif(Payment.method_detail, ""), Payment.method)


def _until(moved: Any, day: date) -> ColumnElement[bool]:
    """Of what moved, that which did until the end of a day where the team is."""
    end = clock.end_of(min(day, LATEST), current_team().time_zone)
    return or_(and_(moved.c.at.is_(None), moved.c.on <= day), and_(moved.c.on.is_(None), moved.c.at < end))


def _day(row: Any) -> date:
    """The day of a movement where the team is."""
    day: date = row.on or clock.day_of(row.at, current_team().time_zone)
    return day


def _place(row: Any) -> tuple[Any, ...]:
    """Where a movement stands among the others of its period."""
    return _day(row), row.rank, row.number is None, row.number or "", row.id
