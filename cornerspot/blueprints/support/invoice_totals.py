"""The arithmetic of an invoice, as rows of the totals band."""

from __future__ import annotations

from decimal import Decimal

from cornerspot.billing.models import Invoice
from cornerspot.billing.states import InvoiceStatus
from cornerspot.blueprints.support.totals import Row, arithmetic_rows, totals_row, totals_rows
from cornerspot.catalog.lines import totals_of


def invoice_rows(invoice: Invoice) -> list[Row]:
    """From subtotal to balance due; a final invoice from its rows, a draft reckoned; needs lines and tax rows."""
    if not invoice.is_finalized:
        return totals_rows(totals_of(invoice, invoice.lines))
    discounts = [
        (row["name"], None if row["percent"] is None else Decimal(row["percent"]), row["amount_minor"])
        for row in invoice.frozen.get("document_discounts", ())
    ]
    rows = arithmetic_rows(
        subtotal=invoice.subtotal_minor,
        line_discount=sum(line.discount_minor for line in invoice.lines),
        discounts=discounts,
        taxes=[(row.name, row.percent, row.base_minor, row.tax_minor) for row in invoice.tax_rows],
        total=invoice.total_minor,
        included=invoice.prices_include_tax,
        currency=invoice.currency,
    )
    rows.append(totals_row("Paid", -invoice.paid_minor, "paid"))
    if invoice.status == InvoiceStatus.UNCOLLECTIBLE:
        rows.append(totals_row("Written off", -invoice.balance_minor, "paid"))
    return [*rows, totals_row("Balance due", owed(invoice), "balance")]


def owed(invoice: Invoice) -> int:
    """What the customer still has to pay, in minor units: nothing on a void or cancelled invoice."""
    return invoice.balance_minor if invoice.is_unpaid else 0
