"""When a team's customers are reminded by themselves, and who is left alone."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from cornerspot.activity.recording import record
from cornerspot.billing.models import Invoice, ReminderPause, ReminderSettings
from cornerspot.billing.models.reminder import DEFAULT_HOUR, DEFAULT_STEPS
from cornerspot.billing.reminder_ladder import Ladder
from cornerspot.crm.models import Account
from cornerspot.db import session
from cornerspot.db.locks import lock, lock_name
from cornerspot.db.versions import bump, require_version
from cornerspot.kit.errors import Invalid
from cornerspot.people.actors import Actor
from cornerspot.people.permissions import Permission
from cornerspot.plans.entitlements import require_feature
from cornerspot.plans.features import Feature
from cornerspot.tenancy import current_team, current_tenant_id

MOST_STEPS = 8
FURTHEST = 180


@dataclass(frozen=True)
class ReminderSettingsInput:
    """The ladder as it was entered: days from the due date, before it negative."""

    enabled: bool
    steps: tuple[int, ...]
    hour: int


def reminder_settings() -> ReminderSettings:
    """The team's ladder; the usual one, unsaved, while there is no other."""
    saved = session.scalars(select(ReminderSettings)).one_or_none()
    return saved or ReminderSettings(enabled=True, steps=list(DEFAULT_STEPS), hour=DEFAULT_HOUR, version=0)


def ladder_of(settings: ReminderSettings) -> Ladder:
    """The ladder in the team's zone."""
    return Ladder(tuple(settings.steps), settings.hour, current_team().time_zone)


def update_reminder_settings(entered: ReminderSettingsInput, *, seen: int | None, by: Actor) -> ReminderSettings:
    """Customers are reminded like this from now on; flushed. Raises Invalid naming the field, StaleVersion."""
    by.require(Permission.MANAGE_SETTINGS)
    require_feature(Feature.BILLING)
    lock_name(f"reminder settings {current_tenant_id()}")
    steps = sorted(set(entered.steps))
    if entered.enabled and not steps:
        raise Invalid("Enter at least one reminder, or switch them off.", field="steps")
    if len(steps) > MOST_STEPS:
        raise Invalid(f"Use up to {MOST_STEPS} reminders.", field="steps")
    if steps and max(map(abs, steps)) > FURTHEST:
        raise Invalid(f"Remind at most {FURTHEST} days before or after the due date.", field="steps")
    if not 0 <= entered.hour <= 23:
        raise Invalid("Choose an hour of the day.", field="hour")
    settings = reminder_settings()
    require_version(settings, seen, {"enabled": entered.enabled, "steps": steps, "hour": entered.hour})
    settings.enabled, settings.steps, settings.hour = entered.enabled, steps, entered.hour
    bump(settings)
    session.add(settings)
    session.flush()
    record(settings, "edited", by=by)
    return settings


def pause_reminders(of: Invoice | Account, *, by: Actor) -> None:
    """The ladder leaves the invoice, or all of the account's, alone; a second time changes nothing."""
    _require_may(by)
    lock(of)
    if not session.scalars(select(ReminderPause).where(_column(of) == of.id)).first():
        session.add(ReminderPause(**{_column(of).key: of.id}, paused_by=by.membership_id))
        record(of, "reminders_paused", by=by)
        session.flush()


def resume_reminders(of: Invoice | Account, *, by: Actor) -> None:
    """The ladder goes on with the next step that comes; harmless when it never stopped."""
    _require_may(by)
    lock(of)
    ended = session.execute(delete(ReminderPause).where(_column(of) == of.id).returning(ReminderPause.id))
    if ended.scalars().all():
        record(of, "reminders_resumed", by=by)


def pauses_of(invoice: Invoice) -> tuple[bool, bool]:
    """Whether the invoice, and whether its account, is left alone."""
    rows = session.scalars(
        select(ReminderPause).where(
            or_(ReminderPause.invoice_id == invoice.id, ReminderPause.account_id == invoice.account_id)
        )
    ).all()
    return any(row.invoice_id for row in rows), any(row.account_id for row in rows)


def paused_accounts() -> list[Account]:
    """The accounts that the ladder leaves alone, by name."""
    paused = select(ReminderPause.account_id).where(ReminderPause.account_id.is_not(None))
    return list(session.scalars(select(Account).where(Account.id.in_(paused)).order_by(Account.search_name).limit(200)))


def _column(of: Invoice | Account) -> InstrumentedAttribute[UUID | None]:
    return ReminderPause.invoice_id if isinstance(of, Invoice) else ReminderPause.account_id


def _require_may(by: Actor) -> None:
    by.require(Permission.SEND_INVOICES)
    require_feature(Feature.BILLING)
