"""Reading a record's timeline, the newest first."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_

from cornerspot.activity.models import ActivityEntry
from cornerspot.activity.recording import subject_type
from cornerspot.db import session
from cornerspot.kit.paging import Page, decode_cursor, encode_cursor
from cornerspot.tenancy.owned import TenantOwned

PAGE_SIZE = 30
KINDS = ("event", "note")


def entries_of(
    subject: TenantOwned, *, kind: str = "", cursor: str | None = None, size: int = PAGE_SIZE
) -> Page[ActivityEntry]:
    """A page of the record's events and notes, or of one ``kind``; an unreadable cursor gives the newest."""
    statement = select(ActivityEntry).where(
        ActivityEntry.subject_type == subject_type(type(subject)), ActivityEntry.subject_id == subject.id
    )
    if kind in KINDS:
        statement = statement.where(ActivityEntry.kind == kind)
    before = _read(cursor)
    place = tuple_(ActivityEntry.happened_at, ActivityEntry.id)
    if before is not None:
        statement = statement.where(place < tuple_(*before))
    order = (ActivityEntry.happened_at.desc(), ActivityEntry.id.desc())
    rows = list(session.scalars(statement.order_by(*order).limit(size + 1)))
    shown = rows[:size]
    more = len(rows) > size
    return Page(
        shown, next_cursor=encode_cursor(shown[-1].happened_at.isoformat(), str(shown[-1].id)) if more else None
    )


def _read(cursor: str | None) -> tuple[datetime, UUID] | None:
    try:
        happened_at, entry_id = decode_cursor(cursor or "", parts=2)
        return datetime.fromisoformat(str(happened_at)), UUID(str(entry_id))
    except ValueError:
        return None
