"""Notes that teammates leave on a record's timeline."""

from __future__ import annotations

from cornerspot.activity.models import ActivityEntry
from cornerspot.activity.recording import Author, subject_type
from cornerspot.db import session
from cornerspot.db.locks import lock
from cornerspot.kit import clock
from cornerspot.kit.errors import Conflict, Invalid, PermissionDenied
from cornerspot.tenancy.owned import TenantOwned

LONGEST_NOTE = 5000


def add_note(subject: TenantOwned, body: str, *, by: Author) -> ActivityEntry:
    """The record's timeline has this note; raises Invalid when it is empty or too long."""
    note = ActivityEntry(
        subject_type=subject_type(type(subject)),
        subject_id=subject.id,
        kind="note",
        body=_sound(body),
        actor_kind=by.kind,
        actor_id=by.id,
        actor_name=by.name,
    )
    session.add(note)
    return note


def edit_note(note: ActivityEntry, body: str, *, by: Author) -> None:
    """The note says this instead, and that it was edited; raises PermissionDenied for another's note."""
    _open(note, by)
    text = _sound(body)
    if text != note.body:
        note.body, note.edited_at = text, clock.now()


def delete_note(note: ActivityEntry, *, by: Author) -> None:
    """The note is gone; raises PermissionDenied for another's note."""
    _open(note, by)
    session.delete(note)


def is_own_note(note: ActivityEntry, by: Author) -> bool:
    """Whether this is a note that ``by`` wrote."""
    return note.kind == "note" and (note.actor_kind, note.actor_id) == (by.kind, by.id)


def _open(note: ActivityEntry, by: Author) -> None:
    lock(note)
    if note.kind != "note":
        raise Conflict("What the system recorded stays as it is.")
    if not is_own_note(note, by):
        raise PermissionDenied("Only the person who wrote a note can change it.")


def _sound(body: str) -> str:
    text = body.replace("\0", "").strip()
    if not text:
        raise Invalid("Write something first.", field="body")
    if len(text) > LONGEST_NOTE:
        raise Invalid(f"Use at most {LONGEST_NOTE:,} characters.", field="body")
    return text
