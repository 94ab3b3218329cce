"""The audit trail of an invoice's status: one row per change, never altered."""

from __future__ import annotations

from cornerspot.billing.models import Invoice, InvoiceTransition
from cornerspot.people.actors import Actor
from cornerspot.tenancy.writing import NewRow, write_rows


def note_transition(invoice: Invoice, before: str | None, *, by: Actor, reason: str = "") -> None:
    """The change from ``before`` to the present status of the invoice, which is flushed already, is on record."""
    write_rows(transition(invoice, before, by=by, reason=reason))


def transition(invoice: Invoice, before: str | None, *, by: Actor, reason: str = "") -> NewRow:
    """The same as a row, for a step that writes all its rows at once."""
    values = {
        "invoice_id": invoice.id,
        "from_status": before,
        "to_status": invoice.status,
        "reason": reason,
        "actor_kind": by.kind,
        "actor_id": by.id,
        "actor_name": by.name,
    }
    return NewRow(InvoiceTransition, values)
