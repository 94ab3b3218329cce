"""Transitions: every invoice came to its status by steps that exist, each from where the last one led."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import and_, func, or_, select, tuple_

from cornerspot.billing.checking.findings import Finding, invoice_name, stream
from cornerspot.billing.models import Invoice, InvoiceTransition
from cornerspot.billing.states import INVOICE, InvoiceStatus

_LEGAL = [(now.value, to.value) for now, followers in INVOICE.steps.items() for to in followers]
_NOBODY = "nothing"


def check_histories() -> Iterator[Finding]:
    """Steps that do not exist, do not follow each other, or do not lead to the present status."""
    order = (InvoiceTransition.happened_at, InvoiceTransition.id)
    within: dict[str, Any] = {"partition_by": InvoiceTransition.invoice_id, "order_by": order}
    steps = select(
        InvoiceTransition.invoice_id,
        InvoiceTransition.from_status,
        InvoiceTransition.to_status,
        func.lag(InvoiceTransition.to_status).over(**within).label("before"),
        func.lead(InvoiceTransition.id).over(**within).label("next_id"),
    ).subquery()
    is_first, is_last = steps.c.before.is_(None), steps.c.next_id.is_(None)
    begins_well = and_(steps.c.from_status.is_(None), steps.c.to_status == InvoiceStatus.DRAFT)
    goes_on_well = and_(
        steps.c.from_status == steps.c.before, tuple_(steps.c.from_status, steps.c.to_status).in_(_LEGAL)
    )
    is_well = and_(or_(and_(is_first, begins_well), goes_on_well), or_(~is_last, steps.c.to_status == Invoice.status))
    statement = (
        select(Invoice.id, Invoice.number, Invoice.status, steps)
        .outerjoin(steps, steps.c.invoice_id == Invoice.id)
        .where(func.coalesce(is_well, False).is_(False))
    )
    for row in stream(statement):
        yield from _say(row)


def _say(row) -> Iterator[Finding]:  # type: ignore[no-untyped-def]
    record = invoice_name(row.id, row.number)
    if row.to_status is None:
        yield Finding(record, "its history", "at least one step", "empty")
        return
    step = f"{row.from_status or _NOBODY} to {row.to_status}"
    if row.before is None:
        if (row.from_status, row.to_status) != (None, InvoiceStatus.DRAFT):
            yield Finding(record, "its first step", f"{_NOBODY} to draft", step)
    elif row.from_status != row.before:
        yield Finding(record, f"the step to {row.to_status}", f"from {row.before}", f"from {row.from_status}")
    elif (row.from_status, row.to_status) not in _LEGAL:
        yield Finding(record, "a step", "one that exists", step)
    if row.next_id is None and row.to_status != row.status:
        yield Finding(record, "its status", f"{row.to_status}, by its last step", row.status)
