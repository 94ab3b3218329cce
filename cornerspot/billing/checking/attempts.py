"""Attempts to pay online: at most one of an invoice is alive."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select

from cornerspot.billing.checking.findings import Finding, invoice_name, stream
from cornerspot.billing.models import CheckoutAttempt, Invoice
from cornerspot.billing.models.online import LIVE_ATTEMPTS


def check_attempts() -> Iterator[Finding]:
    """Invoices that could be paid on two pages at once."""
    statement = (
        select(Invoice.id, Invoice.number, func.count().label("alive"))
        .join(CheckoutAttempt, CheckoutAttempt.invoice_id == Invoice.id)
        .where(CheckoutAttempt.state.in_(LIVE_ATTEMPTS))
        .group_by(Invoice.tenant_id, Invoice.id, Invoice.number)
        .having(func.count() > 1)
    )
    for row in stream(statement):
        yield Finding(invoice_name(row.id, row.number), "its live attempts", "at most 1", str(row.alive))
