"""The declarative base, with names for every constraint so that migrations can refer to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, MetaData, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from cornerspot.kit import clock, ids

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

# Ranges of text are prefixes only where letters sort by their code.
SearchText = Text(collation="C")


class Base(DeclarativeBase):
    """All tables. Text has no length in the schema, moments have a zone, maps are JSONB."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {
        str: Text(),
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB(),
        list[Any]: JSONB(),
    }


class GlobalModel(Base):
    """A table of the installation, seen from every team: teams, people, sign-ins."""

    __abstract__ = True

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new_id)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


def one_of(column: str, values: type | list[str] | tuple[str, ...]) -> CheckConstraint:
    """A CHECK that a text column holds one of some values.

    Never a native ENUM: its equality is not leakproof, so that row-level
    security would keep it out of index conditions.
    """
    listed = ", ".join(f"'{value}'" for value in values)  # type: ignore[union-attr]
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")
