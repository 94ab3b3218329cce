"""What the processor says reaches the books."""

from __future__ import annotations

from cornerspot.billing.online.exceptions import report
from cornerspot.billing.online.hearing import sync_event
from cornerspot.jobs.registry import reaction
from cornerspot.payments.events import ProcessorDisconnected, ProcessorEventStored


@reaction(ProcessorEventStored, own_transactions=True)
def follow_event(event: ProcessorEventStored) -> None:
    """What a webhook hints at is read and booked."""
    sync_event(event.event_id)


@reaction(ProcessorDisconnected)
def tell_of_disconnection(event: ProcessorDisconnected) -> None:
    """The team hears that money under way is not seen any more."""
    report(
        "disconnected",
        f"Stripe is not connected any more: {event.reason} Payments under way go on at Stripe, and are booked here "
        "when the same account is connected again.",
        dedupe_key=str(event.processor_account_id),
    )
