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

# Policies are planned into every statement of the app, the staff's too, so they are made to cost it little:
# what compares rows asks for the account in a subquery, which runs once per statement and not once per row; what
# does not asks for it directly, which the planner checks once before it reads at all; and what depends on other
# tables stands in a function, which is not even planned while nobody is narrowed.
_SETTING = "nullif(current_setting('app.account_id', true), '')"
CURRENT_ACCOUNT = f"(SELECT {_SETTING}::uuid)"
NOBODYS = "'00000000-0000-0000-0000-000000000000'::uuid"
CHANGE = ("INSERT", "UPDATE", "DELETE")


def restrict_to_account(table: str, *, column: str = "account_id", only_when: str = "") -> None:
    """Members see and write only the rows of their account, and of those only what meets ``only_when``."""
    owner = f"CASE WHEN {only_when} THEN {column} END" if only_when else column
    # Without an account the comparison is neither true nor false, and the row passes.
    is_foreign = f"(coalesce({owner}, {NOBODYS}) = {CURRENT_ACCOUNT}) IS FALSE"
    _restrict(table, "ALL", f"CASE WHEN {is_foreign} THEN NULL ELSE true END IS NOT NULL")


def restrict_to_parent(table: str, column: str, parent: str) -> None:
    """Members see and write only rows whose parent they see: the parent's own policy decides."""
    restrict_where(table, sees(column, parent))


def restrict_where(table: str, condition: str, *, read_only: bool = False, add_unseen: bool = False) -> None:
    """Members see only rows that meet a condition, and write only such rows; ``read_only`` none.

    Where ``add_unseen``, they may also add rows that they will not see.
    """
    passes = f"CASE WHEN {CURRENT_ACCOUNT} IS NULL THEN true WHEN {condition} THEN true END IS NOT NULL"
    if read_only:
        _restrict(table, "SELECT", passes)
        let_members_read(table)
    elif add_unseen:
        for verb in ("SELECT", "UPDATE", "DELETE"):
            _restrict(table, verb, passes)
    else:
        _restrict(table, "ALL", passes)


def hide_from_members(table: str, *, add_unseen: bool = False) -> None:
    """Members see no row and write none; they may add one where ``add_unseen``."""
    for verb in ("SELECT", "UPDATE", "DELETE") if add_unseen else ("ALL",):
        _restrict(table, verb, f"{_SETTING} IS NULL")


def let_members_read(table: str) -> None:
    """Members see every row of the team and write none."""
    for verb in CHANGE:
        _restrict(table, verb, f"{_SETTING} IS NULL")


def forget_members(table: str) -> None:
    """The table is as it was before there were members."""
    for verb in ("ALL", "SELECT", *CHANGE):
        op.execute(f"DROP POLICY IF EXISTS {_name(table, verb)} ON {table}")


def sees(column: str, parent: str) -> str:
    """The condition that the row of ``parent`` that a column refers to is visible."""
    return f"member_sees_{parent}(tenant_id, {column})"


def create_sight(name: str, condition: str) -> None:
    """A function that tells whether whoever asks sees something; ``$1`` is the team, ``$2`` an id.

    It runs with the rights of whoever asks, so that the policies of what it reads decide.
    """
    op.execute(
        f"CREATE FUNCTION member_sees_{name}(uuid, uuid) RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE"
        f" COST 1000 AS $$ BEGIN RETURN {condition}; END $$"
    )


def create_sight_of(table: str) -> None:
    """The function that ``sees`` asks about a table."""
    create_sight(table, f"EXISTS (SELECT FROM public.{table} WHERE tenant_id = $1 AND id = $2)")


def drop_sight(name: str) -> None:
    """The function is gone."""
    op.execute(f"DROP FUNCTION member_sees_{name}(uuid, uuid)")


def _restrict(table: str, verb: str, passes: str) -> None:
    """A restrictive policy; ``passes`` lets everything through while no account is set.

    It takes the form ``CASE … END IS NOT NULL`` where it compares rows: the planner expects
    that of nearly all of them, where it would expect of an ``OR`` that it drops most, and
    choose bad plans for the staff.
    """
    using = "" if verb == "INSERT" else f" USING ({passes})"
    check = f" WITH CHECK ({passes})" if verb in ("ALL", "INSERT", "UPDATE") else ""
    op.execute(f"CREATE POLICY {_name(table, verb)} ON {table} AS RESTRICTIVE FOR {verb} TO {APP_ROLE}{using}{check}")


def _name(table: str, verb: str) -> str:
    return f"{table}_member" if verb == "ALL" else f"{table}_member_{verb.lower()}"
