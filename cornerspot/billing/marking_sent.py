"""Marking as sent: the customer has the invoice, by whatever way."""

from __future__ import annotations

from cornerspot.activity.recording import record
from cornerspot.billing.locking import lock_invoice
from cornerspot.billing.models import Invoice
from cornerspot.kit import clock
from cornerspot.kit.errors import Conflict
from cornerspot.people.actors import Actor
from cornerspot.people.permissions import Permission
from cornerspot.plans.entitlements import require_feature
from cornerspot.plans.features import Feature


def mark_sent(invoice: Invoice, *, by: Actor) -> None:
    """The invoice says when it was sent; a second time changes nothing. Raises Conflict for drafts and void ones."""
    by.require(Permission.SEND_INVOICES)
    require_feature(Feature.BILLING)
    lock_invoice(invoice)
    if not (invoice.is_unpaid or invoice.paid_at is not None):
        raise Conflict("Only a finalized invoice that still counts can be sent. Finalize it first.")
    if invoice.sent_at is None:
        invoice.sent_at = clock.now()
        record(invoice, "marked_as_sent", by=by)
