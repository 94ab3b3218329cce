"""What must hold of a team's money whatever happened; call it inside the team's scope."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from itertools import pairwise

from sqlalchemy import select, text
from sqlalchemy.orm import selectinload

from cornerspot.billing.models import (
    BilledDealLine,
    Invoice,
    InvoiceTransition,
    NumberSeries,
    Payment,
    PaymentAllocation,
)
from cornerspot.billing.states import INVOICE, InvoiceStatus
from cornerspot.catalog.lines import totals_of
from cornerspot.crm.models import DealLine
from cornerspot.db import session
from cornerspot.documents.models import StoredFile

DEAD = {InvoiceStatus.VOID, InvoiceStatus.CANCELLED}


def require_sound_books(*, numbers_from_series: bool = True) -> None:
    """Fail unless payments, statuses, transitions, numbers and billed lines all fit each other."""
    session.expire_all()
    invoices = session.scalars(
        select(Invoice).options(selectinload(Invoice.lines), selectinload(Invoice.tax_rows))
    ).all()
    paid = _paid_by_invoice()
    steps = _steps_by_invoice()
    for invoice in invoices:
        _require_balanced(invoice, paid[invoice.id])
        _require_reckoned(invoice)
        _require_chain(invoice, steps[invoice.id])
    _require_whole_payments()
    _require_billed_once({invoice.id: invoice for invoice in invoices})
    if numbers_from_series:
        _require_no_gap([invoice.number for invoice in invoices if invoice.number])
    _require_no_lost_file(invoices)


def jobs_of(kind: str, invoice_id: object) -> int:
    """How many jobs with this event wait for the invoice."""
    statement = text("SELECT count(*) FROM procrastinate_jobs WHERE args::text LIKE :id AND task_name LIKE :kind")
    return int(session.execute(statement, {"id": f"%{invoice_id}%", "kind": f"%{kind}%"}).scalar_one())


def _paid_by_invoice() -> defaultdict[object, int]:
    paid: defaultdict[object, int] = defaultdict(int)
    for row in session.scalars(select(PaymentAllocation).where(PaymentAllocation.released_at.is_(None))):
        paid[row.invoice_id] += row.amount_minor
    return paid


def _steps_by_invoice() -> defaultdict[object, list[InvoiceTransition]]:
    steps: defaultdict[object, list[InvoiceTransition]] = defaultdict(list)
    order = (InvoiceTransition.happened_at, InvoiceTransition.id)
    for step in session.scalars(select(InvoiceTransition).order_by(*order)):
        steps[step.invoice_id].append(step)
    return steps


def _require_balanced(invoice: Invoice, paid_minor: int) -> None:
    status = InvoiceStatus(invoice.status)
    assert invoice.paid_minor == paid_minor, (invoice.number, status)
    assert invoice.balance_minor == invoice.total_minor - paid_minor
    assert 0 <= paid_minor <= max(invoice.total_minor, 0)
    if status in DEAD | {InvoiceStatus.DRAFT, InvoiceStatus.OPEN}:
        assert paid_minor == 0
    if status is InvoiceStatus.PARTIALLY_PAID:
        assert 0 < paid_minor < invoice.total_minor
    if status is InvoiceStatus.PAID:
        assert paid_minor == invoice.total_minor
    assert (invoice.paid_at is not None) == (status is InvoiceStatus.PAID)


def _require_reckoned(invoice: Invoice) -> None:
    """Stored amounts are what the lines come to, and what the breakdown adds up to."""
    totals = totals_of(invoice, invoice.lines)
    assert (invoice.total_minor, invoice.tax_minor) == (totals.total_minor, totals.tax_minor)
    assert [line.net_minor for line in invoice.lines] == [line.net_minor for line in totals.lines]
    if invoice.is_finalized:
        assert sum(row.tax_minor for row in invoice.tax_rows) == invoice.tax_minor


def _require_chain(invoice: Invoice, steps: list[InvoiceTransition]) -> None:
    assert steps, "an invoice without a history"
    assert (steps[0].from_status, steps[0].to_status) == (None, InvoiceStatus.DRAFT)
    assert steps[-1].to_status == invoice.status
    for earlier, later in pairwise(steps):
        assert later.from_status == earlier.to_status
        assert INVOICE.allows(InvoiceStatus(later.from_status), InvoiceStatus(later.to_status))


def _require_whole_payments() -> None:
    """A payment that counts settles invoices, is credit or went back, to the last unit; any other counts nowhere."""
    for payment in session.scalars(select(Payment).options(selectinload(Payment.allocations))):
        live = sum(row.amount_minor for row in payment.allocations if row.released_at is None)
        counted = live + payment.credit_minor + payment.returned_minor
        assert counted == (payment.amount_minor if payment.status == "completed" else 0)


def _require_billed_once(invoices: dict[object, Invoice]) -> None:
    """Live rows belong to live invoices, one per part, and bill no more than the deal has."""
    billed: defaultdict[object, list[BilledDealLine]] = defaultdict(list)
    for row in session.scalars(select(BilledDealLine).where(BilledDealLine.released_at.is_(None))):
        billed[row.deal_line_id].append(row)
        invoice = invoices[row.invoice_id]
        assert invoice.status not in DEAD
        assert invoice.deleted_at is None
        assert row.quantity == next(line.quantity for line in invoice.lines if line.id == row.invoice_line_id)
    for line in session.scalars(select(DealLine).where(DealLine.id.in_(billed))):
        rows = billed[line.id]
        assert len({row.part for row in rows}) == len(rows)
        assert abs(sum((row.quantity for row in rows), Decimal(0))) <= abs(line.quantity), "more billed than sold"


def _require_no_gap(numbers: list[str]) -> None:
    series = session.scalars(select(NumberSeries)).all()
    expected = [f"INV-{value:06}" for value in range(1, sum(row.last_value for row in series) + 1)]
    assert sorted(numbers) == expected


def _require_no_lost_file(invoices: Iterable[Invoice]) -> None:
    """Every PDF that an invoice names is there."""
    named = {invoice.pdf_file_id for invoice in invoices if invoice.pdf_file_id}
    assert set(session.scalars(select(StoredFile.id).where(StoredFile.id.in_(named)))) == named
