"""Writing rows past the unit of work: many tables, one statement.

A flush sorts, compares and registers objects, which is most of what it costs, and sends a
statement for each table. Where a step knows all that it writes (finalizing does), one
statement with its parts in ``WITH`` writes the same. See
``docs/adr/0014-finalizing-writes-once.md``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Executable, bindparam, insert, inspect, update
from sqlalchemy.orm.exc import StaleDataError

from cornerspot.db import db
from cornerspot.tenancy.context import OutsideTeam
from cornerspot.tenancy.criteria import require_scope_of
from cornerspot.tenancy.owned import TenantOwned

Model = type[TenantOwned]


@dataclass(frozen=True)
class NewRow:
    """A row to be added that nobody looks at again in this transaction, for a table that is only added to."""

    model: Model
    values: dict[str, Any]


def write_rows(*added: NewRow, changed: TenantOwned | None = None) -> None:
    """The added rows, and what was set on a row that is stored already, are in the database: one statement.

    What they refer to must be flushed already. Raises OutsideTeam, ScopeSwitched, and
    StaleDataError when the changed row is gone.
    """
    current = db.session()
    tenant_id = require_scope_of(current)
    values: dict[str, Any] = {"this_tenant": tenant_id}
    for place, row in enumerate(added):
        values |= {f"{place}_{name}": value for name, value in _complete(row).items()}
    if changed is None:
        current.connection().execute(_statement(tuple(row.model for row in added)), values)
        return
    if changed.tenant_id != tenant_id:
        raise OutsideTeam(f"A {type(changed).__name__} of another team was changed.")
    state = inspect(changed)
    names = tuple(sorted(state.committed_state))
    values |= {f"set_{name}": getattr(changed, name) for name in names} | {"this_id": changed.id}
    statement = _statement(tuple(row.model for row in added), type(changed), names)
    if current.connection().execute(statement, values).rowcount != 1:
        raise StaleDataError(f"A {type(changed).__name__} is gone.")
    # What a flush does to an object that it wrote: nothing is left to write, and a rollback forgets it.
    state._commit_all(state.dict, current.identity_map)  # noqa: SLF001
    current._register_altered([state])  # noqa: SLF001


@cache
def _statement(added: tuple[Model, ...], changed: Model | None = None, names: tuple[str, ...] = ()) -> Executable:
    """All parts in one: the update, or else the last insert, with the other inserts in its WITH."""
    parts: list[Any] = [
        insert(model.__table__).values(  # type: ignore[arg-type]
            {
                column.name: bindparam("this_tenant" if column.name == "tenant_id" else f"{place}_{column.name}")
                for column in model.__table__.c
            }
        )
        for place, model in enumerate(added)
    ]
    if changed is not None:
        columns = changed.__table__.c
        this = (columns.tenant_id == bindparam("this_tenant")) & (columns.id == bindparam("this_id"))
        setting: dict[Any, Any] = {columns[name]: bindparam(f"set_{name}") for name in names}
        parts.append(update(changed.__table__).where(this).values(setting))  # type: ignore[arg-type]
    return parts[-1].add_cte(*(part.cte(f"added_{place}") for place, part in enumerate(parts[:-1])))  # type: ignore[no-any-return]


def _complete(row: NewRow) -> dict[str, Any]:
    """The row's values, with those that its columns have by default, and null where they have none."""
    fixed, made = _defaults(row.model)
    return fixed | {name: make(None) for name, make in made.items()} | row.values


@cache
def _defaults(model: Model) -> tuple[dict[str, Any], dict[str, Callable[[Any], Any]]]:
    """The values that columns have by default, and what makes those that are new each time."""
    columns = {column.name: column.default for column in model.__table__.c if column.name != "tenant_id"}
    made = {name: default.arg for name, default in columns.items() if default is not None and default.is_callable}
    return {name: default.arg if default else None for name, default in columns.items() if name not in made}, made
