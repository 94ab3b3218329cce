"""Statements compiled once and sent past SQLAlchemy: for the few that hundreds of requests a second send.

SQLAlchemy hashes each statement, makes a context and a result for it: of a short statement
that is more than half of what it costs. Such a statement is still built of tables and columns,
runs in the session's transaction and raises SQLAlchemy's errors; what it takes and gives are
psycopg's values, so it is for identifiers, words, bytes and moments.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from sqlalchemy import Executable
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError

from cornerspot.db import session

_DIALECT = PGDialect_psycopg()


def as_text(statement: Executable) -> str:
    """The statement as psycopg takes it, its values by name."""
    return str(statement.compile(dialect=_DIALECT))  # type: ignore[attr-defined]


def first_row(statement: str, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """What the statement gives first, None if nothing; in the session's transaction, raises DBAPIError."""
    plain: Any = session.connection().connection.driver_connection
    try:
        row: tuple[Any, ...] | None = plain.execute(statement, values).fetchone()
    except psycopg.Error as error:
        raise DBAPIError.instance(statement, None, error, psycopg.Error, dialect=_DIALECT) from error
    return row
