"""Pages of invoices and payments, and the Invoices tabs of deals and accounts.

Every route needs the feature Billing; what was invoiced stays readable without it. Each
state change is a module and a resource of its own, such as ``invoice_finalizations``.
"""

from cornerspot.blueprints.billing.blueprint import blueprint

__all__ = ["blueprint"]

from cornerspot.blueprints.billing import (  # noqa: F401 - the routes register themselves
    account_credit,
    account_invoices,
    bulk_runs,
    deal_invoices,
    deliveries,
    invoice_cancellations,
    invoice_credits,
    invoice_customers,
    invoice_deletions,
    invoice_duplicates,
    invoice_finalizations,
    invoice_index,
    invoice_notes,
    invoice_pay_links,
    invoice_payments,
    invoice_pdfs,
    invoice_refunds,
    invoice_reminders,
    invoice_sendings,
    invoice_sent_marks,
    invoice_trash,
    invoice_voids,
    invoice_write_offs,
    invoices,
    payment_exceptions,
    reconciliations,
    wording,
)
