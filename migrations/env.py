"""Runs migrations as the owner, with time-outs so that a lock never stops the running app."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine, pool, text

from cornerspot import models  # noqa: F401 - fills the metadata
from cornerspot.db import Base

LOCK_TIMEOUT = "4s"
STATEMENT_TIMEOUT = "60s"
# The job queue brings its own tables; models of ours do not describe them.
FOREIGN_PREFIX = "procrastinate_"


def ours(name: str | None, kind: str, _: object) -> bool:
    return not (kind == "table" and name is not None and name.startswith(FOREIGN_PREFIX))


def run() -> None:
    engine = create_engine(context.config.attributes["url"], poolclass=pool.NullPool)
    with engine.connect() as connection:
        connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
        connection.execute(text(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'"))
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            include_name=ours,
            compare_type=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
