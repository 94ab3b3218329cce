"""Writing an event on a record's timeline."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Protocol, cast
from uuid import UUID

from cornerspot.activity.models import ActivityEntry
from cornerspot.db import session
from cornerspot.tenancy.owned import TenantOwned
from cornerspot.tenancy.writing import NewRow


class Author(Protocol):
    """Who did it: ``people.actors.Actor``, or whatever else carries these three."""

    @property
    def kind(self) -> str: ...

    @property
    def id(self) -> UUID | None: ...

    @property
    def name(self) -> str: ...


def record(subject: TenantOwned, event: str, *, by: Author, **data: Any) -> ActivityEntry:
    """The record's timeline says that ``event`` (a past participle) happened to it.

    ``data`` is kept as JSON: dates, decimals and ids become text. Flushes when the
    subject is so new that it has no id yet.
    """
    if cast("UUID | None", subject.id) is None:
        session.flush()  # The timeline names the subject by its id.
    entry = ActivityEntry(**_said(subject, event, by, data))
    session.add(entry)
    return entry


def recorded(subject: TenantOwned, event: str, *, by: Author, **data: Any) -> NewRow:
    """The same as a row, for a step that writes all its rows at once; the subject has its id already."""
    return NewRow(ActivityEntry, _said(subject, event, by, data))


def _said(subject: TenantOwned, event: str, by: Author, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "subject_type": subject_type(type(subject)),
        "subject_id": subject.id,
        "event": event,
        "data": {key: as_json(value) for key, value in data.items()},
        "actor_kind": by.kind,
        "actor_id": by.id,
        "actor_name": by.name,
    }


def subject_type(model: type[TenantOwned]) -> str:
    """The word for a model's records on timelines: its table's name in the singular."""
    table: str = model.__tablename__
    return table.removesuffix("s")


def as_json(value: Any) -> Any:
    """The value as JSON can hold it; money and numbers keep every digit as text."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal | UUID):
        return str(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): as_json(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [as_json(entry) for entry in value]
    return value
