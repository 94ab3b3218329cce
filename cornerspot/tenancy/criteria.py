"""Wall two: every ORM statement on a tenant table carries ``tenant_id = current``.

Row-level security would hide other teams' rows anyway. The criterion makes plans
use the leading key column, lets a distributed PostgreSQL pick one shard, and
stands when the other wall is down (the tests switch each off in turn).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import Executable, Uuid, bindparam, event
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction, with_loader_criteria

from cornerspot.tenancy.context import OutsideTeam, ScopeSwitched, current_scope, current_tenant_id
from cornerspot.tenancy.owned import TenantOwned

_switched_off: ContextVar[bool] = ContextVar("criteria_switched_off", default=False)

# One criterion for all statements: it asks for the team when a statement runs, so that none is
# built or compiled again for another team. Loads of relationships get it as statements of
# their own, so it need not be handed down to them a second time.
_this_team = bindparam("this_team", callable_=current_tenant_id, type_=Uuid())
_of_this_team = with_loader_criteria(
    TenantOwned, lambda cls: cls.tenant_id == _this_team, include_aliases=True, propagate_to_loaders=False
)

# Each statement with its criterion, None for one that needs none: a statement that is kept and
# sent by every request is looked through, copied and hashed once.
_scoped: WeakKeyDictionary[Executable, Executable | None] = WeakKeyDictionary()


@contextmanager
def criteria_switched_off() -> Iterator[None]:
    """For the tests that prove the database's wall on its own."""
    token = _switched_off.set(True)
    try:
        yield
    finally:
        _switched_off.reset(token)


@event.listens_for(Session, "do_orm_execute")
def scope_statement(state: ORMExecuteState) -> None:
    """A statement on tenant tables reads and changes only the rows of the team of the scope."""
    statement = state.statement
    if statement not in _scoped:
        _scoped[statement] = statement.options(_of_this_team) if _is_about_teams_rows(state) else None
    scoped = _scoped[statement]
    if scoped is None:
        return
    require_scope_of(state.session)
    if not _switched_off.get():
        state.statement = scoped


def _is_about_teams_rows(state: ORMExecuteState) -> bool:
    wanted = state.is_select or state.is_update or state.is_delete
    return wanted and any(issubclass(mapper.class_, TenantOwned) for mapper in state.all_mappers)


@event.listens_for(Session, "before_flush")
def refuse_foreign_rows(session: Session, _: UOWTransaction, __: object) -> None:
    """No row of another team is flushed; raises OutsideTeam or ScopeSwitched."""
    for row in (*session.new, *session.dirty, *session.deleted):
        if isinstance(row, TenantOwned):
            tenant_id = require_scope_of(session)
            if row.tenant_id not in (None, tenant_id):
                raise OutsideTeam(f"A {type(row).__name__} of another team was changed.")


def require_scope_of(session: Session) -> UUID:
    """The team whose rows the session may touch; raises OutsideTeam or ScopeSwitched."""
    scope = current_scope()
    if scope is None or scope.team is None:
        raise OutsideTeam("A tenant table was used outside of a team's scope.")
    begun_for = session.info.get("transaction_tenant_id")
    if session.in_transaction() and begun_for not in (None, scope.team.id):
        raise ScopeSwitched("The transaction was begun for another team.")
    return scope.team.id
