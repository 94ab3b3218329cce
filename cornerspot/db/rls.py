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


# ---- what a member of the portal sees: one account, chosen by the setting app.account_id

# A subquery, so that it is evaluated once per statement and not once per row.
CURRENT_ACCOUNT = "(SELECT nullif(current_setting('app.account_id', true), '')::uuid)"
CHANGE = ("INSERT", "UPDATE", "DELETE")


def restrict_to_account(table: str, *, column: str = "account_id", and_also: str = "true") -> None:
    """Members see and write only the rows of their account; ``and_also`` narrows it further."""
    restrict_where(table, f"{table}.{column} = {CURRENT_ACCOUNT} AND {and_also}")


def restrict_to_parent(table: str, column: str, parent: str) -> None:
    """Members see and write only rows whose parent they see: the parent's own policy decides."""
    restrict_where(table, sees(table, column, parent))


def restrict_where(table: str, condition: str, *, read_only: bool = False, add_unseen: bool = False) -> None:
    """Members see only rows that meet a condition, and write only such rows; ``read_only`` none.

    Where ``add_unseen``, they may also add rows that they will not see.
    """
    if read_only or add_unseen:
        _restrict(table, "SELECT", condition)
        for verb in ("UPDATE", "DELETE"):
            _restrict(table, verb, "false" if read_only else condition)
        if read_only:
            _restrict(table, "INSERT", "false")
    else:
        _restrict(table, "ALL", condition)


def hide_from_members(table: str, *, add_unseen: bool = False) -> None:
    """Members see no row and write none; they may add one where ``add_unseen``."""
    restrict_where(table, "false", add_unseen=add_unseen)


def let_members_read(table: str) -> None:
    """Members see every row of the team and write none."""
    for verb in CHANGE:
        _restrict(table, verb, "false")


def forget_members(table: str) -> None:
    """The table is as it was before there were members."""
    for verb in ("ALL", "SELECT", *CHANGE):
        op.execute(f"DROP POLICY IF EXISTS {_name(table, verb)} ON {table}")


def sees(table: str, column: str, parent: str) -> str:
    """The condition that the parent of a row is visible.

    A scalar subquery and not EXISTS or IN, which the planner may turn into a list of all
    the parents of the team; this looks one up by its key.
    """
    return (
        f"(SELECT p.id FROM {parent} p"  # noqa: S608 - names of our own tables
        f" WHERE p.tenant_id = {table}.tenant_id AND p.id = {table}.{column}) IS NOT NULL"
    )


def _restrict(table: str, verb: str, condition: str) -> None:
    """A restrictive policy that lets everything pass while no account is set.

    The form keeps plans for teammates as they are: the planner takes ``… IS NOT NULL`` of an
    expression to be true nearly always, where it would expect ``… OR …`` to drop most rows.
    """
    passes = f"CASE WHEN {CURRENT_ACCOUNT} IS NULL THEN true WHEN {condition} THEN true END IS NOT NULL"
    using = "" if verb == "INSERT" else f" USING ({passes})"
    check = f" WITH CHECK ({passes})" if verb in ("ALL", "INSERT", "UPDATE") else ""
    op.execute(f"CREATE POLICY {_name(table, verb)} ON {table} AS RESTRICTIVE FOR {verb} TO {APP_ROLE}{using}{check}")


def _name(table: str, verb: str) -> str:
    return f"{table}_member" if verb == "ALL" else f"{table}_member_{verb.lower()}"
