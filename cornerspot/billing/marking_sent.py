"""Marking as sent: the customer has the invoice, by whatever way."""

from __future__ import annotations

from cornerspot.activity.recording import record
from cornerspot.billing.locking import lock_invoice
from cornerspot.billing.models import Invoice
from cornerspot.billing.states import InvoiceStatus
from cornerspot.kit import clock
from cornerspot.kit.errors import Conflict
from cornerspot.people.actors import Actor
from cornerspot.people.permissions import Permission
from cornerspot.plans.entitlements import require_feature
from cornerspot.plans.features import Feature

_NOT_SENDABLE = {
    InvoiceStatus.DRAFT: "This invoice is a draft. Finalize it before it is sent.",
    InvoiceStatus.VOID: "This invoice is void, so it is not sent any more.",
    InvoiceStatus.UNCOLLECTIBLE: "This invoice was written off, so it is not sent any more. Reopen it first.",
    InvoiceStatus.CANCELLED: "A cancelled draft is not sent. Duplicate it instead.",
}


def mark_sent(invoice: Invoice, *, by: Actor) -> None:
    """The invoice says when it was sent; a second time changes nothing. Raises Conflict where none is sent."""
    by.require(Permission.SEND_INVOICES)
    require_feature(Feature.BILLING)
    lock_invoice(invoice)
    require_sendable(invoice)
    if invoice.sent_at is None:
        invoice.sent_at = clock.now()
        record(invoice, "marked_as_sent", by=by)


def require_sendable(invoice: Invoice) -> None:
    """Pass for an invoice that a customer may be sent; raises Conflict with the reason why not."""
    refusal = _NOT_SENDABLE.get(InvoiceStatus(invoice.status))
    if refusal is not None:
        raise Conflict(refusal)
