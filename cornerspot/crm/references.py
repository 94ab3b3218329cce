"""Whether other records refer to one, so that it is archived instead of deleted.

The references are read from the tables' foreign keys, so that a table added above
this package (an invoice, a subscription) counts by being there.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table, exists, literal, or_, select

from cornerspot.crm.models import DealLine
from cornerspot.db import Base, session
from cornerspot.tenancy import TenantOwned

# Lines are part of their deal and go with it.
_PARTS = {DealLine.__tablename__}


def is_referred_to(row: TenantOwned) -> bool:
    """Whether a live row of any table of the team refers to this one."""
    table = type(row).__table__
    found = [
        exists().where(*_condition(other, column, row))
        for other in Base.metadata.sorted_tables
        if other.name not in _PARTS
        for column in _columns_to(other, table)
    ]
    return bool(found) and bool(session.execute(select(literal(1)).where(or_(*found))).first())


def _columns_to(other: Table, target: Any) -> list[str]:
    """The columns of ``other`` that hold the id of a row of ``target``."""
    return [
        element.parent.name
        for constraint in other.foreign_key_constraints
        for element in constraint.elements
        if element.column.table is target and element.column.name == "id"
    ]


def _condition(other: Table, column: str, row: TenantOwned) -> list[Any]:
    condition: list[Any] = [other.c[column] == row.id]  # Row-level security keeps it to the team.
    if "deleted_at" in other.c:
        condition.append(other.c.deleted_at.is_(None))
    return condition
