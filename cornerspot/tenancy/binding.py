"""Wall three, our half: tell PostgreSQL the team when a transaction begins.

``SET LOCAL`` ends with the transaction, so that a pooled connection cannot carry
a team into the next request. Row-level security reads the setting; unset means
no rows.
"""

from __future__ import annotations

from sqlalchemy import event, text
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session, SessionTransaction

from cornerspot.tenancy.context import current_scope


@event.listens_for(Session, "after_begin")
def tell_database_the_team(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    scope = current_scope()
    team = scope.team if scope else None
    session.info["transaction_tenant_id"] = team.id if team else None
    if team and not transaction.nested:
        # A UUID formats to hex digits and dashes only, so it needs no parameter (SET takes none).
        connection.execute(text(f"SET LOCAL app.tenant_id = '{team.id}'"))
