"""What mail servers said of a message, noted on the invoices that are in it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from cornerspot.activity.recording import record
from cornerspot.billing.deliveries import invoices_of_mailing
from cornerspot.billing.locking import lock_invoice
from cornerspot.db import session
from cornerspot.mail.models import OutgoingMessage
from cornerspot.tenancy import current_tenant_id


@dataclass(frozen=True)
class Sender:
    """Who had the message sent."""

    kind: str
    id: UUID | None
    name: str


def note_accepted(message_id: UUID) -> None:
    """The invoices in an accepted message are sent, and their timelines say to whom."""
    message = _message(message_id)
    if message is None:
        return
    event = "reminded" if message.purpose == "reminder" else "sent"
    for invoice in invoices_of_mailing(message):
        lock_invoice(invoice)
        if message.purpose == "invoice" and invoice.sent_at is None:
            invoice.sent_at = message.accepted_at
        record(invoice, event, by=_sender(message), to=message.recipient)


def note_undelivered(message_id: UUID) -> None:
    """The timelines of the invoices in a message say whom it did not reach, and why."""
    _note(message_id, "not_delivered")


def note_withdrawn(message_id: UUID) -> None:
    """The timelines of the invoices in a message say who was not sent it after all, and why."""
    _note(message_id, "withdrawn")


def _note(message_id: UUID, event: str) -> None:
    message = _message(message_id)
    if message is None:
        return
    for invoice in invoices_of_mailing(message):
        record(invoice, event, by=_sender(message), to=message.recipient, reason=message.error)


def _message(message_id: UUID) -> OutgoingMessage | None:
    return session.get(OutgoingMessage, (current_tenant_id(), message_id))


def _sender(message: OutgoingMessage) -> Sender:
    return Sender(message.actor_kind, message.actor_id, message.actor_name or "Cornerspot")
