"""What the schedule runs for each team."""

from __future__ import annotations

from cornerspot.jobs.registry import task
from cornerspot.plans.changing import apply_due_changes


@task("plans.apply_due_changes")
def apply_due() -> None:
    """A downgrade whose day has come is done, and a trial that ended is noted."""
    apply_due_changes()
