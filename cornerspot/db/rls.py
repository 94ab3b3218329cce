"""What a migration says to put a tenant table behind row-level security.

RLS is enabled but not forced: forced RLS breaks foreign keys on a distributed
PostgreSQL, and the app's role is never the owner, so that it cannot bypass it.
"""

from __future__ import annotations

from alembic import op

APP_ROLE = "cornerspot_app"
CURRENT_TENANT = "nullif(current_setting('app.tenant_id', true), '')::uuid"


def protect_tenant_table(table: str, *, append_only: bool = False) -> None:
    """Give a tenant table its policy and the app its grants."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY {table}_tenant ON {table} TO {APP_ROLE}"
        f" USING (tenant_id = {CURRENT_TENANT}) WITH CHECK (tenant_id = {CURRENT_TENANT})"
    )
    grant_app(table, append_only=append_only)


def grant_app(table: str, *, append_only: bool = False) -> None:
    """Let the app's role use a table; append-only tables can be read and added to."""
    verbs = "SELECT, INSERT" if append_only else "SELECT, INSERT, UPDATE, DELETE"
    op.execute(f"GRANT {verbs} ON {table} TO {APP_ROLE}")
