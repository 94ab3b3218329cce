"""Wall three, our half: tell PostgreSQL the team when a transaction begins.

``SET LOCAL`` ends with the transaction, so that a pooled connection cannot carry
a team into the next request. Row-level security reads the setting; unset means
no rows. A scope that is narrowed to an account is told in the same round trip, and so
is that a transaction may only read.
"""

from __future__ import annotations

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
    if words:
        # Past SQLAlchemy and never prepared: each team's would be a statement of its own, and push
        # the useful ones out of the connection's store of prepared statements.
        plain = connection.connection.driver_connection
        assert plain is not None  # noqa: S101 - a connection that is begun is open
        plain.execute("; ".join(words), prepare=False)
