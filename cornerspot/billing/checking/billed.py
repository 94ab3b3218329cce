"""Deal lines on invoices: each part billed at most once, by a live invoice, as the invoice's line says."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, or_, select

from cornerspot.billing.checking.findings import Finding, invoice_name, stream
from cornerspot.billing.models import BilledDealLine, Invoice, InvoiceLine
from cornerspot.billing.states import WITHDRAWN
from cornerspot.crm.models import DealLine

_LIVE = BilledDealLine.released_at.is_(None)


def check_billed_lines() -> Iterator[Finding]:
    """What is billed twice, by an invoice that is withdrawn, or otherwise than the invoice's line says."""
    yield from _check_once()
    yield from _check_released()
    yield from _check_consistent()


def _check_once() -> Iterator[Finding]:
    times = func.count().label("times")
    statement = (
        select(BilledDealLine.deal_line_id, BilledDealLine.part, times)
        .where(_LIVE)
        .group_by(BilledDealLine.deal_line_id, BilledDealLine.part)
        .having(func.count() > 1)
    )
    for row in stream(statement):
        yield Finding(f"deal line {row.deal_line_id}", f"how often part {row.part} is billed", "once", str(row.times))


def _check_released() -> Iterator[Finding]:
    statement = (
        select(Invoice.id, Invoice.number, Invoice.status, BilledDealLine.deal_line_id)
        .join(BilledDealLine, BilledDealLine.invoice_id == Invoice.id)
        .where(_LIVE, or_(Invoice.status.in_(sorted(WITHDRAWN)), Invoice.deleted_at.is_not(None)))
    )
    for row in stream(statement):
        what = f"deal line {row.deal_line_id}, which it billed"
        yield Finding(invoice_name(row.id, row.number), what, "free again", "still taken")


def _check_consistent() -> Iterator[Finding]:
    statement = (
        select(
            Invoice.id,
            Invoice.number,
            BilledDealLine.deal_line_id,
            BilledDealLine.quantity,
            InvoiceLine.quantity.label("printed"),
            (InvoiceLine.invoice_id == BilledDealLine.invoice_id).label("is_own"),
            (DealLine.deal_id == BilledDealLine.deal_id).label("is_of_deal"),
        )
        .join(BilledDealLine, BilledDealLine.invoice_id == Invoice.id)
        .join(InvoiceLine, InvoiceLine.id == BilledDealLine.invoice_line_id)
        .join(DealLine, DealLine.id == BilledDealLine.deal_line_id)
        .where(
            _LIVE,
            or_(
                InvoiceLine.quantity != BilledDealLine.quantity,
                InvoiceLine.invoice_id != BilledDealLine.invoice_id,
                DealLine.deal_id != BilledDealLine.deal_id,
            ),
        )
    )
    for row in stream(statement):
        record, line = invoice_name(row.id, row.number), f"deal line {row.deal_line_id}"
        if row.quantity != row.printed:
            what = f"the quantity it bills of {line}"
            yield Finding(record, what, f"{row.printed.normalize():f}", f"{row.quantity.normalize():f}")
        if not row.is_own:
            yield Finding(record, f"its line for {line}", "a line of its own", "a line of another invoice")
        if not row.is_of_deal:
            yield Finding(record, f"the deal of {line}", "the deal that has the line", "another deal")
