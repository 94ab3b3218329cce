"""The tables of billing: invoices with lines and taxes, payments on hand and online, numbers, settings.

Status, paid and balance are CHECKed together, and "billed once" is a unique index. Use-cases
are in ``cornerspot.billing``; a model's own verbs are the only place that sets a status.
"""

from cornerspot.billing.models.billed_line import BilledDealLine
from cornerspot.billing.models.bulk import BulkAction, BulkRun
from cornerspot.billing.models.invoice import Invoice, InvoiceLine, InvoiceTax, InvoiceTransition
from cornerspot.billing.models.message_template import MessageTemplate
from cornerspot.billing.models.numbering import BillingSettings, NumberSeries
from cornerspot.billing.models.online import (
    CheckoutAttempt,
    Dispute,
    LedgerEntry,
    PaymentException,
    PaymentReturn,
    ReconcileRun,
    Refund,
)
from cornerspot.billing.models.pay_link import PayLink
from cornerspot.billing.models.payment import Payment, PaymentAllocation
from cornerspot.billing.models.reminder import InvoiceReminder, ReminderPause, ReminderSettings

__all__ = [
    "BilledDealLine",
    "BillingSettings",
    "BulkAction",
    "BulkRun",
    "CheckoutAttempt",
    "Dispute",
    "Invoice",
    "InvoiceLine",
    "InvoiceReminder",
    "InvoiceTax",
    "InvoiceTransition",
    "LedgerEntry",
    "MessageTemplate",
    "NumberSeries",
    "PayLink",
    "Payment",
    "PaymentAllocation",
    "PaymentException",
    "PaymentReturn",
    "ReconcileRun",
    "Refund",
    "ReminderPause",
    "ReminderSettings",
]
