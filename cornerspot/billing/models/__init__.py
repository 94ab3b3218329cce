"""Invoices, their lines and taxes, payments, billed deal lines, numbers and settings."""

from cornerspot.billing.models.billed_line import BilledDealLine
from cornerspot.billing.models.invoice import Invoice, InvoiceLine, InvoiceTax, InvoiceTransition
from cornerspot.billing.models.numbering import BillingSettings, NumberSeries
from cornerspot.billing.models.payment import Payment, PaymentAllocation

__all__ = [
    "BilledDealLine",
    "BillingSettings",
    "Invoice",
    "InvoiceLine",
    "InvoiceTax",
    "InvoiceTransition",
    "NumberSeries",
    "Payment",
    "PaymentAllocation",
]
