"""What became of a message is written on the invoices in it."""

from __future__ import annotations

from cornerspot.billing.noting_deliveries import note_accepted, note_undelivered, note_withdrawn
from cornerspot.jobs.registry import reaction
from cornerspot.mail.events import MessageAccepted, MessageUndelivered, MessageWithdrawn

ABOUT_INVOICES = ("invoice", "reminder")


@reaction(MessageAccepted)
def note_acceptance(event: MessageAccepted) -> None:
    """The invoice is sent, since the first of its To was accepted; a copy to somebody else is no delivery."""
    if event.purpose in ABOUT_INVOICES and event.kind == "to":
        note_accepted(event.message_id)


@reaction(MessageUndelivered)
def note_failure(event: MessageUndelivered) -> None:
    """The invoice's timeline says that it did not arrive."""
    if event.purpose in ABOUT_INVOICES:
        note_undelivered(event.message_id)


@reaction(MessageWithdrawn)
def note_withdrawal(event: MessageWithdrawn) -> None:
    """The invoice's timeline says that it was not sent, and why."""
    if event.purpose in ABOUT_INVOICES:
        note_withdrawn(event.message_id)
