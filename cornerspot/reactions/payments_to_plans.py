"""What the processor says reaches the plans that teams bought."""

from __future__ import annotations

from cornerspot.jobs.registry import reaction
from cornerspot.payments.events import PlatformEventStored
from cornerspot.plans.syncing import sync_plan_event


@reaction(PlatformEventStored, own_transactions=True)
def follow_plan_event(event: PlatformEventStored) -> None:
    """What a webhook hints at is read and copied."""
    sync_plan_event(event.event_id)
