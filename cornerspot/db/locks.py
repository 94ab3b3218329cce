"""Locking rows. Order everywhere: deal, invoice, attempt, payment, number series last."""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy import text

from cornerspot.db import session
from cornerspot.db.base import Base
from cornerspot.kit.errors import NotFound

Row = TypeVar("Row", bound=Base)


def lock(row: Row) -> Row:
    """Hold the row until the transaction ends, with its newest values loaded.

    Pending changes are flushed first, so that they are neither lost nor judged
    against old values. Raises NotFound when the row was deleted meanwhile.
    """
    session.flush()  # Unflushed changes would be overwritten by the refresh.
    mapper = type(row).__mapper__
    key = mapper.primary_key_from_instance(row)
    found = session.get(type(row), tuple(key), populate_existing=True, with_for_update={"of": type(row)})
    if found is None:
        raise NotFound()
    return row


def lock_name(name: str) -> None:
    """Hold a lock on a word until the transaction ends, for things that have no row yet."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})
