"""Events as JSON and back. An event is a frozen dataclass of ids, words, numbers and dates."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import date, datetime
from types import NoneType
from typing import Any, get_args, get_type_hints
from uuid import UUID


def event_name(event_class: type) -> str:
    """The name in the queue: ``billing.InvoiceFinalized``, by package and class."""
    package = event_class.__module__.removeprefix("cornerspot.").partition(".")[0]
    return f"{package}.{event_class.__name__}"


def encode(event: Any) -> dict[str, Any]:
    """The event's fields as JSON; raises TypeError for a field that is no plain value."""
    if not is_dataclass(event) or isinstance(event, type):
        raise TypeError(f"{event!r} is not an event: a frozen dataclass.")
    return {field.name: plain(getattr(event, field.name)) for field in fields(event)}


def decode(event_class: type, data: dict[str, Any]) -> Any:
    """The event again, with ids, dates and moments in their own types."""
    hints = get_type_hints(event_class)
    return event_class(**{name: _typed(value, hints[name]) for name, value in data.items()})


def plain(value: Any) -> Any:
    """The value as JSON has it; raises TypeError when it has no such form."""
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, date):  # A datetime is one too.
        return value.isoformat()
    if isinstance(value, str | int | bool | NoneType):
        return value
    raise TypeError(f"A job cannot carry {value!r}: pass ids, text, whole numbers or dates.")


def _typed(value: Any, hint: Any) -> Any:
    kinds = get_args(hint) or (hint,)
    if value is None or not isinstance(value, str):
        return value
    for kind, read in ((UUID, UUID), (datetime, datetime.fromisoformat), (date, date.fromisoformat)):
        if kind in kinds:
            return read(value)
    return value
