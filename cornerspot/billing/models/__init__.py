"""The tables of billing: invoices with lines and taxes, payments, billed deal lines, numbers, settings.

Status, paid and balance are CHECKed together, and "billed once" is a unique index. Use-cases
are in ``cornerspot.billing``; a model's own verbs are the only place that sets a status.
"""

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
