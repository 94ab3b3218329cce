"""Loading the record of an address: not there and not yours look the same."""

from __future__ import annotations

from typing import Any, TypeVar
from uuid import UUID

from flask import abort
from sqlalchemy import select
from sqlalchemy.orm import make_transient_to_detached
from sqlalchemy.orm.util import identity_key

from cornerspot.db import session
from cornerspot.tenancy import TenantOwned, current_tenant_id

Row = TypeVar("Row", bound=TenantOwned)


def get_or_404(model: type[Row], id: UUID, *options: Any, trashed: bool = False) -> Row:
    """The team's row with this id, loaded with these options; answers 404 otherwise.

    Rows in the Trash are not found unless ``trashed``.
    """
    statement = select(model).where(model.id == id).options(*options)
    if not trashed and hasattr(model, "deleted_at"):
        statement = statement.where(model.deleted_at.is_(None))  # type: ignore[attr-defined]
    row = session.scalars(statement).one_or_none()
    if row is None:
        abort(404)
    return row


def named(model: type[Row], id: UUID) -> Row:
    """The row with this id, not read: for a use-case that locks and reads it first, or raises NotFound."""
    key = (current_tenant_id(), id)
    row = session.identity_map.get(identity_key(model, key))
    if row is None:
        row = model(tenant_id=key[0], id=id)
        make_transient_to_detached(row)
        session.add(row)
    return row


def find(model: type[Row], id: UUID) -> Row | None:
    """The team's row with this id, or None."""
    return session.get(model, (current_tenant_id(), id))
