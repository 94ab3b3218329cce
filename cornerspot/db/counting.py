"""Counts that expire: how often something was tried within some seconds, over all processes.

Kept in a table that is not logged, in transactions of their own: a count stays when the
request that it is of is rolled back, and is lost with a crash of the database.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Engine, Text, case, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from cornerspot.db.base import Base
from cornerspot.kit import clock


class RateCount(Base):
    """How often something was tried since its count began; after ``expires_at`` the next try begins another."""

    __tablename__ = "rate_counts"
    __table_args__ = {"prefixes": ["UNLOGGED"]}

    key: Mapped[str] = mapped_column(Text(), primary_key=True)
    count: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(index=True)


def count_tries(engine: Engine, key: str, *, tries: int, seconds: int) -> int:
    """All tries of this key, these among them; the first begins a count that lasts for so many seconds."""
    now = clock.now()
    new = insert(RateCount).values(key=key, count=tries, expires_at=now + timedelta(seconds=seconds))
    lasts = RateCount.expires_at > now
    counted = new.on_conflict_do_update(
        index_elements=["key"],
        set_={
            "count": case((lasts, RateCount.count + new.excluded.count), else_=new.excluded.count),
            "expires_at": case((lasts, RateCount.expires_at), else_=new.excluded.expires_at),
        },
    )
    with engine.begin() as connection:
        return int(connection.scalar(counted.returning(RateCount.count)) or 0)


def counted(engine: Engine, key: str) -> tuple[int, datetime]:
    """The tries of this key that still count, and until when they do; now where there are none."""
    now = clock.now()
    wanted = select(RateCount.count, RateCount.expires_at).where(RateCount.key == key, RateCount.expires_at > now)
    with engine.connect() as connection:
        row = connection.execute(wanted).one_or_none()
    return (int(row[0]), row[1]) if row else (0, now)


def forget_counts(engine: Engine, key: str | None = None, *, expired: bool = False) -> int:
    """The counts of a key, or of all, begin anew; of those only the expired ones are gone, if asked. How many."""
    statement = delete(RateCount)
    if key is not None:
        statement = statement.where(RateCount.key == key)
    if expired:
        statement = statement.where(RateCount.expires_at <= clock.now())
    with engine.begin() as connection:
        return connection.execute(statement).rowcount
