"""Adding rows past the unit of work, for tables whose rows are added and never changed.

A flush sorts, compares and registers objects, which is most of what it costs. A row that
nobody will look at again in this transaction needs none of that.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Insert, insert

from cornerspot.db import db, session
from cornerspot.tenancy.criteria import require_scope_of
from cornerspot.tenancy.owned import TenantOwned


def append(model: type[TenantOwned], *rows: dict[str, Any]) -> None:
    """The rows stand in the model's table, of the team of the scope; raises OutsideTeam or ScopeSwitched.

    They are written at once, so that what they refer to must be flushed already.
    """
    if rows:
        tenant_id = require_scope_of(db.session())
        session.connection().execute(_insert(model), [{"tenant_id": tenant_id, **row} for row in rows])


@cache
def _insert(model: type[TenantOwned]) -> Insert:
    return insert(model.__table__)  # type: ignore[arg-type]
