"""What the schedule runs for plans."""

from __future__ import annotations

from cornerspot.jobs.registry import task
from cornerspot.payments.platform_inbox import announce_waiting
from cornerspot.payments.stripe_plans import sells_plans
from cornerspot.plans.changing import apply_due_changes
from cornerspot.plans.syncing import sync_plan


@task("plans.apply_due_changes")
def apply_due() -> None:
    """A downgrade whose day has come is done, and a trial that ended is noted."""
    apply_due_changes()


@task("plans.sync_bought", own_transactions=True)
def sync_bought() -> None:
    """The team has what it bought, whether or not anybody told us; nothing without a key to ask with."""
    if sells_plans():
        sync_plan()


@task("plans.announce_waiting_events")
def announce_waiting_events() -> None:
    """Webhooks about plans whose job was lost have a new one."""
    announce_waiting()
