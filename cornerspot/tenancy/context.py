"""Wall one: the scope. A tenant table can be used only inside ``team_scope``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, select
from sqlalchemy.exc import DBAPIError, OperationalError

from cornerspot.db import db, session
from cornerspot.db.straight import as_text, lone_row
from cornerspot.kit import clock
from cornerspot.kit.errors import NotFound
from cornerspot.tenancy.current import CurrentTeam
from cornerspot.tenancy.models import Team


class OutsideTeam(RuntimeError):
    """A tenant table was used outside of a team's scope: a bug, never a person's mistake."""


class ScopeSwitched(RuntimeError):
    """A scope was entered in the middle of a transaction of another one: a bug."""


@dataclass(frozen=True)
class Scope:
    """A team's scope, or (with ``reason``) the system's, which sees no tenant table.

    ``account_id`` narrows a team's scope to one of its accounts: to what a portal user sees.
    """

    team: CurrentTeam | None = None
    reason: str = ""
    account_id: UUID | None = None


_scope: ContextVar[Scope | None] = ContextVar("tenancy_scope", default=None)


def current_scope() -> Scope | None:
    """The scope we are in, or None."""
    return _scope.get()


def current_team() -> CurrentTeam:
    """The team we work for; raises OutsideTeam outside of ``team_scope``."""
    scope = _scope.get()
    if scope is None or scope.team is None:
        raise OutsideTeam("This needs a team: enter team_scope(team_id) first.")
    return scope.team


def team_today() -> date:
    """The day it is in the time zone of the team of the scope."""
    return clock.today(current_team().time_zone)


def current_tenant_id() -> UUID:
    """The id every tenant row of this scope carries; raises OutsideTeam."""
    return current_team().id


@contextmanager
def bound(scope: Scope) -> Iterator[None]:
    """Set the scope and nothing else: for the web edge, whose session does not exist yet."""
    token = _scope.set(scope)
    try:
        yield
    finally:
        _scope.reset(token)


@contextmanager
def team_scope(team: UUID | CurrentTeam) -> Iterator[CurrentTeam]:
    """Work for one team inside the block; raises NotFound, or ScopeSwitched in a running transaction."""
    _refuse_running_transaction()
    found = team if isinstance(team, CurrentTeam) else load_team(team)
    with bound(Scope(team=found)):
        try:
            yield found
        finally:
            session.remove()  # type: ignore[attr-defined]  # Objects of this team must not outlive its scope.


@contextmanager
def system_scope(reason: str) -> Iterator[None]:
    """Work on global tables inside the block; tenant tables raise. Rare, and greppable by its reason."""
    _refuse_running_transaction()
    with bound(Scope(reason=reason)):
        try:
            yield
        finally:
            session.remove()  # type: ignore[attr-defined]


def narrow_to_account(account_id: UUID) -> None:
    """From here to the end of the scope, the database shows and takes only what is this account's.

    For the running transaction and those that follow. It cannot be widened again:
    raises ScopeSwitched for another account, OutsideTeam outside of a team.
    """
    current_team()
    scope = _scope.get()
    assert scope is not None  # noqa: S101 - current_team() raised otherwise
    if scope.account_id not in (None, account_id):
        raise ScopeSwitched("The scope is narrowed to another account already.")
    _scope.set(replace(scope, account_id=account_id))
    if db.session().in_transaction():
        session.connection().exec_driver_sql(account_setting(account_id))


def account_setting(account_id: UUID) -> str:
    """The statement that tells PostgreSQL the account until the transaction ends."""
    # A UUID formats to hex digits and dashes only, so it needs no parameter (SET takes none).
    return f"SET LOCAL app.account_id = '{UUID(str(account_id))}'"


def load_team(team_id: UUID) -> CurrentTeam:
    """The team with this id, read on a connection of its own; raises NotFound."""
    return find_team(Team.id == team_id)


def find_team(condition) -> CurrentTeam:  # type: ignore[no-untyped-def]
    """The one team that a condition names, read outside of any transaction; raises NotFound."""
    return _read(_TEAMS.where(condition), {})


def find_team_by_slug(slug: str) -> CurrentTeam:
    """The team at this address, read as ``find_team`` does; raises NotFound."""
    try:
        return _found(lone_row(_TEAM_BY_SLUG_SQL, {"slug": slug}))
    except DBAPIError as error:
        if isinstance(error, OperationalError):
            db.engine.dispose()  # If the server hung up, the others in the pool are as dead.
        return _read(_TEAM_BY_SLUG, {"slug": slug})  # On another connection.


_TEAMS = select(*(getattr(Team, name) for name in CurrentTeam.__dataclass_fields__))
# Made once, and compiled: every request begins with it.
_TEAM_BY_SLUG = _TEAMS.where(Team.slug == bindparam("slug"))
_TEAM_BY_SLUG_SQL = as_text(_TEAM_BY_SLUG)


def _read(statement: Select[Any], values: dict[str, str]) -> CurrentTeam:
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        return _found(connection.execute(statement, values).one_or_none())


def _found(row: Sequence[Any] | None) -> CurrentTeam:
    if row is None:
        raise NotFound("There is no such team.")
    return CurrentTeam(*row)


def _refuse_running_transaction() -> None:
    if db.session().in_transaction():
        raise ScopeSwitched("Commit or roll back before entering another scope.")
