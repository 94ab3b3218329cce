"""Statements that PostgreSQL plans for their own values, each time."""

from __future__ import annotations

from typing import Any, TypeVar

from psycopg import ServerCursor
from sqlalchemy import ColumnElement, Engine, Executable, event, select

LONG_LIST = 8  # longer than any list of statuses
Asked = TypeVar("Asked", bound=Executable)


def planned_for_values(statement: Asked) -> Asked:
    """The statement, never prepared: what is prepared is soon planned once and for all.

    That plan is for a team of average size and a word of average frequency, and for lists and
    sums it is wrong where it matters. Planning costs about a millisecond, so what reads rows
    by their key goes without.
    """
    return statement.execution_options(planned_for_values=True)


def is_any(model: Any, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether the team of the scope has such a row: looked for along the key of its table.

    EXISTS would soon be planned once for all teams, as a walk through the table that ends at the first
    row; behind a team with a million rows that is a million rows later.
    """
    first = select(model.id).where(*conditions).order_by(model.id).limit(1)
    return first.scalar_subquery().is_not(None)


def _has_long_list(context: Any) -> bool:
    """Whether the statement has a list of many values: one plan for all lists takes the team for an average one.

    PostgreSQL then thinks little of any index that begins with the team, and may walk through all of it.
    """
    return any(len(names) >= LONG_LIST for names in context._expanded_parameters.values())  # noqa: SLF001


@event.listens_for(Engine, "do_execute")
def _plan_for_values(cursor: Any, statement: str, parameters: Any, context: Any) -> bool:
    """Whether the statement was sent here."""
    if context is None or not ("planned_for_values" in context.execution_options or _has_long_list(context)):
        return False
    if isinstance(cursor, ServerCursor):
        return False  # What is streamed is never prepared.
    cursor.execute(statement, parameters, prepare=False)
    return True
