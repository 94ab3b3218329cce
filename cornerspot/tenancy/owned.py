"""What every tenant table has: ``(tenant_id, id)`` as key, composite references."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cornerspot.db.base import Base
from cornerspot.kit import clock, ids
from cornerspot.tenancy.context import current_tenant_id


class TenantOwned(Base):
    """A row of one team. Inserts take the team from the scope."""

    __abstract__ = True

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True, default=current_tenant_id, sort_order=-2)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new_id, sort_order=-1)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


def tenant_fk(table: str, column: str, *, ondelete: str | None = None) -> ForeignKeyConstraint:
    """A reference from ``column`` to a row of ``table`` of the same team."""
    return ForeignKeyConstraint(["tenant_id", column], [f"{table}.tenant_id", f"{table}.id"], ondelete=ondelete)


def tenant_unique(*columns: str, name: str | None = None) -> UniqueConstraint:
    """A unique within the team; ``name`` where the usual one is longer than PostgreSQL's 63 characters."""
    return UniqueConstraint("tenant_id", *columns, name=name)


def tenant_index(name: str, *columns: Any, **options: Any) -> Index:
    """An index that starts with the team, so that the policy uses it too."""
    return Index(name, "tenant_id", *columns, **options)


def reference_index(table: str, column: str) -> Index:
    """An index over a reference that not every row has, for what looks for it before its target is deleted."""
    return tenant_index(f"ix_{table}_{column}", column, postgresql_where=f"{column} IS NOT NULL")


def words_index(name: str, column: str) -> Index:
    """An index that finds a part of a text within a team; only a function of the owner can use it."""
    return tenant_index(name, column, postgresql_using="gin", postgresql_ops={column: "gin_trgm_ops"})


def tenant_relationship(owner: str, target: str, column: str, **options: Any) -> Any:
    """The row of class ``target`` that ``owner.column`` refers to.

    Only ``column`` is written by the relationship; the team is part of the
    condition. Load it explicitly: touching an unloaded one raises.
    """
    return relationship(
        target,
        primaryjoin=(
            f"and_(foreign({owner}.{column}) == remote({target}.id), {owner}.tenant_id == remote({target}.tenant_id))"
        ),
        lazy=options.pop("lazy", "raise_on_sql"),
        **options,
    )


def tenant_collection(owner: str, target: str, column: str, **options: Any) -> Any:
    """The rows of class ``target`` whose ``column`` refers to this ``owner`` row."""
    return relationship(
        target,
        primaryjoin=(
            f"and_({owner}.id == foreign(remote({target}.{column})), {owner}.tenant_id == remote({target}.tenant_id))"
        ),
        lazy=options.pop("lazy", "raise_on_sql"),
        **options,
    )
