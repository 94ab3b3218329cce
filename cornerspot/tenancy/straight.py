"""Rows of the team of the scope, by statements that go past SQLAlchemy (see ``db/straight.py``).

The session's criterion does not reach these, so each says itself that it is about one team, and
which one that is comes from the scope. Row-level security stands behind it as ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, bindparam

from cornerspot.db import db
from cornerspot.db.straight import first_row
from cornerspot.tenancy.criteria import require_scope_of
from cornerspot.tenancy.owned import TenantOwned


def is_of_team(model: type[TenantOwned]) -> ColumnElement[bool]:
    """The condition that a row is the team's, for a statement that ``first_row_of_team`` sends."""
    return model.tenant_id == bindparam("tenant_id")


def first_row_of_team(statement: str, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """As ``first_row``, with the team of the scope as ``tenant_id``; raises OutsideTeam, ScopeSwitched too."""
    return first_row(statement, {**values, "tenant_id": require_scope_of(db.session())})
