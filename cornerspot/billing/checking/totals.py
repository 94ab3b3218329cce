"""Amounts of invoices, their lines and their tax rows, reckoned again from quantities and prices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from cornerspot.billing.checking.findings import BATCH, Finding, differences, invoice_name
from cornerspot.billing.models import Invoice, InvoiceLine, InvoiceTax
from cornerspot.billing.states import FINALIZED
from cornerspot.catalog.amounts import TaxTotals, Totals
from cornerspot.catalog.lines import document_totals
from cornerspot.db import session
from cornerspot.kit.errors import Invalid

_AMOUNTS = ("subtotal_minor", "discount_minor", "tax_minor", "total_minor")
_LINE_AMOUNTS = ("gross_minor", "discount_minor", "net_minor")
_INVOICES = select(
    Invoice.id,
    Invoice.number,
    Invoice.status,
    Invoice.currency,
    Invoice.prices_include_tax,
    Invoice.discounts,
    Invoice.taxes,
    Invoice.paid_minor,
    Invoice.balance_minor,
    *(getattr(Invoice, name) for name in _AMOUNTS),
)
_LINES = select(
    InvoiceLine.invoice_id,
    InvoiceLine.position,
    InvoiceLine.quantity,
    InvoiceLine.unit_price,
    InvoiceLine.discounts,
    InvoiceLine.taxes,
    *(getattr(InvoiceLine, name) for name in _LINE_AMOUNTS),
).order_by(InvoiceLine.invoice_id, InvoiceLine.position)
_TAXES = select(InvoiceTax.invoice_id, InvoiceTax.tax_key, InvoiceTax.name, InvoiceTax.base_minor, InvoiceTax.tax_minor)


def check_totals() -> Iterator[Finding]:
    """What the amounts of every invoice should be by its lines."""
    last: UUID | None = None
    while batch := _next(last):
        ids = [row.id for row in batch]
        lines = _by_invoice(session.execute(_LINES.where(InvoiceLine.invoice_id.in_(ids))))
        taxes = _by_invoice(session.execute(_TAXES.where(InvoiceTax.invoice_id.in_(ids))))
        for invoice in batch:
            yield from _check(invoice, lines[invoice.id], taxes[invoice.id])
        last = ids[-1]


def _next(last: UUID | None) -> Sequence[Row[Any]]:
    statement = _INVOICES.order_by(Invoice.id).limit(BATCH)
    return session.execute(statement if last is None else statement.where(Invoice.id > last)).all()


def _by_invoice(rows: Any) -> defaultdict[UUID, list[Row[Any]]]:
    found: defaultdict[UUID, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        found[row.invoice_id].append(row)
    return found


def _check(invoice: Row[Any], lines: list[Row[Any]], taxes: list[Row[Any]]) -> Iterator[Finding]:
    record = invoice_name(invoice.id, invoice.number)
    try:
        totals = document_totals(
            currency=invoice.currency,
            prices_include_tax=invoice.prices_include_tax,
            discounts=invoice.discounts,
            taxes=invoice.taxes,
            lines=lines,
        )
    except (Invalid, ArithmeticError, KeyError) as error:
        yield Finding(record, "what its lines come to", "an amount", str(error))
        return
    named = {name: (getattr(totals, name), getattr(invoice, name)) for name in _AMOUNTS}
    named["balance_minor"] = (invoice.total_minor - invoice.paid_minor, invoice.balance_minor)
    yield from differences(record, named)
    yield from _check_lines(record, lines, totals)
    if invoice.status in FINALIZED:
        yield from _check_taxes(record, taxes, totals.tax_breakdown)


def _check_lines(record: str, lines: list[Row[Any]], totals: Totals) -> Iterator[Finding]:
    for place, (line, right) in enumerate(zip(lines, totals.lines, strict=True), start=1):
        pairs = {name: (getattr(right, name), getattr(line, name)) for name in _LINE_AMOUNTS}
        yield from differences(f"{record}, line {place}", pairs)


def _check_taxes(record: str, rows: list[Row[Any]], breakdown: Sequence[TaxTotals]) -> Iterator[Finding]:
    stored = {row.tax_key: (row.base_minor, row.tax_minor) for row in rows}
    right = {row.key: (row.base_minor, row.tax_minor) for row in breakdown}
    for key in sorted(stored.keys() | right.keys()):
        pair = {f"base and tax of {key}": (right.get(key, "none"), stored.get(key, "none"))}
        yield from differences(record, pair)
