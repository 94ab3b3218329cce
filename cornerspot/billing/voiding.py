"""Voiding: a finalized invoice is nullified and kept; its number stays taken."""

from __future__ import annotations

from cornerspot.activity.recording import record
from cornerspot.billing.deal_billing import release_deal_lines
from cornerspot.billing.locking import lock_invoice
from cornerspot.billing.models import Invoice
from cornerspot.billing.states import INVOICE, InvoiceStatus
from cornerspot.billing.transitions import note_transition
from cornerspot.db import session
from cornerspot.kit.errors import Conflict
from cornerspot.people.actors import Actor
from cornerspot.people.permissions import Permission
from cornerspot.plans.entitlements import require_feature
from cornerspot.plans.features import Feature

NOTHING_OWED = "Nothing was owed on this invoice, so there is nothing to void. Duplicate it to correct it."
MONEY_COLLECTED = "Money was collected on this invoice. Undo its payments first, then void it."


def void_invoice(invoice: Invoice, *, by: Actor, reason: str = "") -> None:
    """The invoice is void, nothing is owed on it, and its deal's lines can be billed again; flushed.

    Raises IllegalTransition, Conflict while money is on it, PermissionDenied, FeatureMissing.
    """
    by.require(Permission.VOID_INVOICES)
    require_feature(Feature.BILLING)
    lock_invoice(invoice, deal_first=True)
    before = invoice.status
    if invoice.paid_minor > 0 and before in (InvoiceStatus.PARTIALLY_PAID, InvoiceStatus.PAID):
        raise Conflict(MONEY_COLLECTED)
    if before == InvoiceStatus.PAID:
        raise Conflict(NOTHING_OWED)  # Its total is zero: no payment could be undone first.
    INVOICE.require(InvoiceStatus(before), InvoiceStatus.VOID)
    invoice.void()
    note_transition(invoice, before, by=by, reason=reason)
    released = release_deal_lines(invoice)
    record(invoice, "voided", by=by, reason=reason, released_lines=released)
    session.flush()
