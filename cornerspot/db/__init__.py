"""PostgreSQL: the engine, the session and the rules every table follows.

May import ``kit`` and ``settings``. ``session`` is the request's or the job's
SQLAlchemy session; ``transaction`` holds the rules for committing (only edges
do), ``locks`` the way to lock a row, ``rls`` what migrations need, ``embedded``
the server that starts itself.
"""

from __future__ import annotations

from typing import cast

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import Session

from cornerspot.db.base import Base
from cornerspot.db.cursors import QuietCursor, read_json

db = SQLAlchemy(
    metadata=Base.metadata,
    session_options={"expire_on_commit": False},
    engine_options={
        "pool_size": 8,
        "max_overflow": 8,
        "pool_pre_ping": False,
        "json_deserializer": read_json,
        "connect_args": {"cursor_factory": QuietCursor},
    },
)
# A scoped session forwards every method to the session of the current app context.
session = cast(Session, db.session)

__all__ = ["Base", "db", "session"]
