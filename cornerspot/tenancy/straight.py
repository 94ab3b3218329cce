"""Rows of the team of the scope, by statements that go past SQLAlchemy (see ``db/straight.py``).

The session's criterion does not reach these, so each says itself that it is about one team, and
which one that is comes from the scope. Row-level security stands behind it as ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, bindparam

from cornerspot.db import db
from cornerspot.db.straight import first_row, lone_row
from cornerspot.db.transaction import read_only
from cornerspot.tenancy.context import current_scope, current_tenant_id
from cornerspot.tenancy.criteria import require_scope_of
from cornerspot.tenancy.owned import TenantOwned


def is_of_team(model: type[TenantOwned]) -> ColumnElement[bool]:
    """The condition that a row is the team's, for statements that the functions below send."""
    return model.tenant_id == bindparam("tenant_id")


def first_row_of_team(statement: str, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """As ``first_row``, with the team of the scope as ``tenant_id``; raises OutsideTeam, ScopeSwitched too."""
    return first_row(statement, {**values, "tenant_id": require_scope_of(db.session())})


def lone_row_of_team(statement: str, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """As ``lone_row``, with the team of the scope as ``tenant_id``; raises OutsideTeam too.

    PostgreSQL is told what ``tenancy/binding.py`` tells every other transaction.
    """
    team_id = current_tenant_id()
    scope = current_scope()
    settings = [("app.tenant_id", str(team_id))]
    if scope is not None and scope.account_id is not None:
        settings.append(("app.account_id", str(scope.account_id)))
    if read_only.get():
        settings.append(("transaction_read_only", "on"))
    return lone_row(statement, {**values, "tenant_id": team_id}, settings=settings)
