"""Reading a record's timeline, the newest first."""

from __future__ import annotations

from sqlalchemy import select

from cornerspot.activity.models import ActivityEntry
from cornerspot.activity.recording import subject_type
from cornerspot.db.keyset import SortKey, keyset_page, moment_key
from cornerspot.kit.paging import Page
from cornerspot.tenancy.owned import TenantOwned

PAGE_SIZE = 30
KINDS = ("event", "note")
_NEWEST = SortKey(ActivityEntry.happened_at, lambda entry: entry.happened_at, moment_key, descending=True)


def entries_of(
    subject: TenantOwned, *, kind: str = "", cursor: str | None = None, size: int = PAGE_SIZE
) -> Page[ActivityEntry]:
    """A page of the record's events and notes, or of one ``kind``; an unreadable cursor gives the newest."""
    statement = select(ActivityEntry).where(
        ActivityEntry.subject_type == subject_type(type(subject)), ActivityEntry.subject_id == subject.id
    )
    if kind in KINDS:
        statement = statement.where(ActivityEntry.kind == kind)
    return keyset_page(statement, ActivityEntry, _NEWEST, cursor=cursor, size=size)
