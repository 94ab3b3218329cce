"""What runs when: one table. Times are UTC; a team's task runs once for each active team."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from sqlalchemy import select

from cornerspot.db import session
from cornerspot.jobs.publishing import enqueue, enqueue_for_teams
from cornerspot.jobs.queue import Periodic
from cornerspot.jobs.registry import task
from cornerspot.tenancy.models import Team, TeamStatus


@dataclass(frozen=True)
class Entry:
    """A task, when it runs (cron, UTC), why, and whether once per team."""

    cron: str
    task: str
    reason: str
    per_team: bool = False

    @property
    def job_name(self) -> str:
        return f"schedule.{self.task}"


SCHEDULE = (
    Entry("40 3 * * *", "jobs.forget_receipts", "receipts of jobs serve only while a job can be run again"),
    Entry("50 3 * * *", "people.forget_expired", "sign-ins and links serve for a time, then only fill tables"),
    Entry("55 3 * * *", "portal.forget_expired", "the same for members of the portals", per_team=True),
    Entry("20 3 * * *", "billing.purge_deleted_invoices", "drafts stay in the Trash for 30 days", per_team=True),
    Entry("15 3 * * *", "billing.forget_bulk_files", "exports and zips are kept for seven days", per_team=True),
    Entry("30 3 * * *", "crm.purge_trash", "records stay in the Trash for 30 days", per_team=True),
    Entry("10 4 * * *", "mail.forget_routes", "nobody reports on a message after a month"),
    # Ten past, so that it is within the same hour in zones a quarter or half an hour off.
    Entry("10 * * * *", "billing.send_due_reminders", "reminders go out at an hour of the team's day", per_team=True),
    Entry("*/10 * * * *", "billing.reconcile_hot", "a signal of Stripe may be lost", per_team=True),
    Entry("25 * * * *", "billing.sweep_events", "an endpoint may be down, or switched off at Stripe", per_team=True),
    Entry("35 2 * * *", "billing.reconcile_fully", "payments, money and books are proved equal", per_team=True),
    Entry("45 * * * *", "payments.recheck_connection", "a key may be revoked, an account restricted", per_team=True),
    Entry("0 4 * * *", "payments.forget_states", "nobody comes back from Stripe after an hour", per_team=True),
    Entry("45 * * * *", "plans.sync_bought", "a signal about a plan that was bought may be lost", per_team=True),
    Entry("*/15 * * * *", "plans.announce_waiting_events", "the job of a stored webhook may be lost"),
    Entry("5 * * * *", "plans.apply_due_changes", "a downgrade begins with the month, a trial ends", per_team=True),
)


def by_clock() -> list[Periodic]:
    """The table as the worker takes it."""
    return [Periodic(entry.job_name, entry.cron) for entry in SCHEDULE]


def start(entry: Entry) -> None:
    """The entry's task waits for the worker: once, or once for each active team."""
    if entry.per_team:
        active = select(Team.id).where(Team.status == TeamStatus.ACTIVE).order_by(Team.id)
        enqueue_for_teams(entry.task, session.scalars(active).all())
    else:
        enqueue(entry.task)


def _starter(entry: Entry) -> Callable[[], None]:
    return partial(start, entry)


for _entry in SCHEDULE:
    task(_entry.job_name)(_starter(_entry))
