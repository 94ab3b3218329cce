"""Cancelling: a draft is withdrawn before it was final, and kept."""

from __future__ import annotations

from cornerspot.activity.recording import record
from cornerspot.billing.deal_billing import release_deal_lines
from cornerspot.billing.locking import lock_invoice
from cornerspot.billing.models import Invoice
from cornerspot.billing.transitions import note_transition
from cornerspot.db import session
from cornerspot.people.actors import Actor
from cornerspot.people.permissions import Permission
from cornerspot.plans.entitlements import require_feature
from cornerspot.plans.features import Feature


def cancel_invoice(invoice: Invoice, *, by: Actor, reason: str = "") -> None:
    """The draft is cancelled, and its deal's lines can be billed again; flushed. Raises IllegalTransition."""
    by.require(Permission.CREATE_INVOICES)
    require_feature(Feature.BILLING)
    lock_invoice(invoice, deal_first=True)
    before = invoice.status
    invoice.cancel()
    note_transition(invoice, before, by=by, reason=reason)
    released = release_deal_lines(invoice)
    record(invoice, "cancelled", by=by, reason=reason, released_lines=released)
    session.flush()
