"""Wall three, our half: tell PostgreSQL the team when a transaction begins.

``SET LOCAL`` ends with the transaction, so that a pooled connection cannot carry
a team into the next request. Row-level security reads the setting; unset means
no rows. A scope that is narrowed to an account is told in the same round trip, and so
is that a transaction may only read, and that it begins.
"""

from __future__ import annotations

from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, TransactionStatus
from sqlalchemy import event
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session, SessionTransaction

from cornerspot.db.transaction import read_only
from cornerspot.tenancy.context import account_setting, current_scope


@event.listens_for(Session, "after_begin")
def tell_database_the_team(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    """The transaction works for the team of the scope, and cannot write while reading only."""
    scope = current_scope()
    team = scope.team if scope else None
    session.info["transaction_tenant_id"] = team.id if team else None
    if transaction.nested:
        return
    words = ["SET TRANSACTION READ ONLY"] if read_only.get() else []
    if team is not None:
        # A UUID formats to hex digits and dashes only, so it needs no parameter (SET takes none).
        words.append(f"SET LOCAL app.tenant_id = '{team.id}'")
    if scope is not None and scope.account_id is not None:
        words.append(account_setting(scope.account_id))
    _begin_with(words, connection)


def _begin_with(words: list[str], connection: Connection) -> None:
    """The transaction is begun and told these, in one round trip; raises what psycopg would.

    Past SQLAlchemy and psycopg's cursor: it would send BEGIN by itself, and prepare each team's
    statement, which would push the useful ones out of the connection's store.
    """
    plain = connection.connection.driver_connection
    assert plain is not None  # noqa: S101 - a connection that is begun is open
    if plain.info.transaction_status == TransactionStatus.IDLE:  # Else somebody handed us a transaction of theirs.
        level = plain.isolation_level
        words = [f"BEGIN ISOLATION LEVEL {level.name.replace('_', ' ')}" if level else "BEGIN", *words]
    if words:
        result = plain.pgconn.exec_("; ".join(words).encode())
        if result.status != ExecStatus.COMMAND_OK:
            raise error_from_result(result)
