"""Taking accounts, contacts and deals out of sight: archived, or in the Trash for 30 days."""

from __future__ import annotations

from sqlalchemy import select

from cornerspot.activity.recording import record
from cornerspot.crm.access import require_editable
from cornerspot.crm.deals import require_room_for_open_deal
from cornerspot.crm.models import Account, Contact, Deal, Stage, StageClass
from cornerspot.crm.references import is_referred_to
from cornerspot.db import session
from cornerspot.db.locks import lock
from cornerspot.db.versions import bump
from cornerspot.kit import clock
from cornerspot.kit.errors import Conflict
from cornerspot.people.actors import Actor
from cornerspot.plans.entitlements import require_any_feature, require_feature
from cornerspot.plans.features import KEEPING_CUSTOMERS, Feature

Record = Account | Contact | Deal
WORDS = {Account: "account", Contact: "contact", Deal: "deal"}


def archive_record(row: Record, *, by: Actor) -> None:
    """The record is out of lists and choices, and keeps everything; doing it twice is harmless."""
    _open(row, by)
    if row.archived_at is None:
        row.archived_at = clock.now()
        bump(row)
        record(row, "archived", by=by)


def trash_record(row: Record, *, by: Actor) -> None:
    """The record is in the Trash; raises Conflict when others refer to it: it can only be archived."""
    _open(row, by)
    if is_referred_to(row):
        raise Conflict(f"Other records refer to this {WORDS[type(row)]}. Archive it instead.")
    if row.deleted_at is None:
        row.deleted_at = clock.now()
        bump(row)
        record(row, "deleted", by=by)


def restore_record(row: Record, *, by: Actor) -> None:
    """The record is back in lists; raises LimitReached for an open deal too many."""
    _open(row, by)
    if row.archived_at is None and row.deleted_at is None:
        return
    if isinstance(row, Deal):
        stage = session.scalars(select(Stage).where(Stage.id == row.stage_id)).one()
        if stage.stage_class == StageClass.OPEN:
            require_room_for_open_deal()
    row.archived_at = row.deleted_at = None
    bump(row)
    record(row, "restored", by=by)


def _open(row: Record, by: Actor) -> None:
    if isinstance(row, Deal):
        require_feature(Feature.CRM)
    else:
        require_any_feature(*KEEPING_CUSTOMERS)
    lock(row)
    require_editable(row, by)
