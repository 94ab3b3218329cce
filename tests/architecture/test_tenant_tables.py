"""The walls of tenancy, read from PostgreSQL's own catalog: what the migrations really built."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from cornerspot.db import Base, session
from cornerspot.tenancy import TenantOwned

APP_ROLE = "cornerspot_app"
TENANT_TABLES = sorted(
    mapper.local_table.name for mapper in Base.registry.mappers if issubclass(mapper.class_, TenantOwned)
)
GLOBAL_TABLES = {
    "alembic_version",
    "hand_offs",
    "job_receipts",
    "mail_routes",
    "password_resets",
    "people",
    "platform_events",
    "processor_owners",
    "rate_counts",
    "sign_in_failures",
    "sign_ins",
    "team_hosts",
    "teams",
}

# Tables that a member of the portal reads whole, and may write nothing in. Every other tenant table
# says in its migration what a member sees of it (``cornerspot/db/rls.py``: ``restrict_to_account`` …).
# Rows of these stay: people and teams end by a status, books are never erased.
NEVER_DELETED = {
    "disputes", "memberships", "payments", "people", "pipelines", "processor_accounts", "products", "refunds", "teams"
}  # fmt: skip
ONE_ROW = {"billing_settings", "portal_settings"}  # of each team
READ_BY_MEMBERS = {
    "billing_settings": "pages and payments follow how the team bills: part payments, instructions, logo",
    "feature_switches": "what the team switched off is off for its customers",
    "mail_settings": "what a member causes to be sent goes out under the team's sender name",
    "plan_overrides": "what the team may use decides what its customers may do",
    "portal_settings": "the portal's name, colours and sections",
    "processor_accounts": "paying needs the team's connection; its secrets are encrypted by the installation",
    "team_plans": "what the team may use decides what its customers may do",
}


@pytest.fixture(autouse=True)
def _in_app(app):
    with app.app_context():
        yield
        session.remove()


def rows(statement: str, **values):
    return session.execute(text(statement), values).all()


def test_every_table_is_global_by_name_or_has_a_tenant():
    found = {
        name
        for (name,) in rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        if not name.startswith("procrastinate_")
    }
    assert found == GLOBAL_TABLES | set(TENANT_TABLES)


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_a_tenant_table_is_behind_row_level_security(table):
    enabled, forced = rows(
        "SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = cast(:t AS regclass)", t=table
    )[0]
    assert enabled
    assert not forced  # Forced security breaks foreign keys on a distributed PostgreSQL.
    ((roles, command, using, check),) = policies(table, "PERMISSIVE")  # A second one would only open more.
    assert (roles, command) == ([APP_ROLE], "ALL")
    for clause in (using, check):
        assert "tenant_id = " in clause
        assert "current_setting('app.tenant_id'" in clause


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_a_tenant_table_says_what_a_member_of_the_portal_sees(table):
    found = policies(table, "RESTRICTIVE")
    commands = {command for _, command, _, _ in found}
    needed = {"UPDATE", "DELETE"} | ({"INSERT"} if table in READ_BY_MEMBERS else {"SELECT"})
    assert commands == {"ALL"} or needed <= commands, f"{table} is open to members: restrict it in its migration"
    assert ("SELECT" in commands or "ALL" in commands) != (table in READ_BY_MEMBERS)
    for roles, command, using, check in found:
        assert roles == [APP_ROLE]
        for clause in (using, check):
            if clause is not None:
                assert "current_setting('app.account_id'" in clause, command


def test_tables_that_members_read_whole_are_there_and_say_why():
    assert set(READ_BY_MEMBERS) <= set(TENANT_TABLES)
    assert all(len(reason) > 20 for reason in READ_BY_MEMBERS.values())


def policies(table: str, kind: str):
    """Roles, command and both clauses of a table's policies of a kind."""
    return rows(
        "SELECT roles::text[], cmd, qual, with_check FROM pg_policies WHERE tablename = :t AND permissive = :k",
        t=table,
        k=kind,
    )


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_the_primary_key_of_a_tenant_table_is_team_and_id(table):
    assert _key_columns(table, "p") == [["tenant_id", "id"]]


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_every_unique_of_a_tenant_table_starts_with_the_team(table):
    leading = rows(
        "SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
        " LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]"
        " WHERE i.indrelid = cast(:t AS regclass) AND i.indisunique",
        t=table,
    )
    assert leading
    assert [name for name, column in leading if column != "tenant_id"] == []


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_references_between_tenant_tables_carry_the_team(table):
    references = rows(
        "SELECT conname, confrelid::regclass::text,"
        " ARRAY(SELECT attname::text FROM unnest(conkey) WITH ORDINALITY k(n, o)"
        "  JOIN pg_attribute ON attrelid = conrelid AND attnum = n ORDER BY o),"
        " ARRAY(SELECT attname::text FROM unnest(confkey) WITH ORDINALITY k(n, o)"
        "  JOIN pg_attribute ON attrelid = confrelid AND attnum = n ORDER BY o)"
        " FROM pg_constraint WHERE contype = 'f' AND conrelid = cast(:t AS regclass)",
        t=table,
    )
    for name, target, own, theirs in references:
        if target in TENANT_TABLES:
            assert (own[0], theirs[0]) == ("tenant_id", "tenant_id"), name
        else:
            assert target in GLOBAL_TABLES, name


def test_what_refers_to_rows_that_are_deleted_has_an_index():
    """PostgreSQL looks there before a row goes: through all of a team's rows where there is none."""
    found = rows(
        "SELECT conrelid::regclass::text, confrelid::regclass::text, own FROM pg_constraint,"
        " LATERAL (SELECT array_agg(attname::text ORDER BY attname) AS own FROM unnest(conkey) n"
        "  JOIN pg_attribute ON attrelid = conrelid AND attnum = n) columns"
        " WHERE contype = 'f' AND conrelid::regclass::text NOT LIKE 'procrastinate%' AND NOT EXISTS ("
        "  SELECT FROM pg_index i WHERE i.indrelid = conrelid"
        "  AND (indpred IS NULL OR pg_get_expr(indpred, indrelid) ~ '^.[a-z_]+ IS NOT NULL.$')"
        "  AND own = (SELECT array_agg(attname::text ORDER BY attname)"
        "   FROM unnest((i.indkey::int2[])[0:cardinality(conkey) - 1]) n"
        "   JOIN pg_attribute ON attrelid = i.indrelid AND attnum = n))"
    )
    wrong = [(table, own) for table, target, own in found if target not in NEVER_DELETED and table not in ONE_ROW]
    assert wrong == []


def test_no_global_table_refers_to_a_tenant_table():
    found = rows("SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint WHERE contype = 'f'")
    assert [pair for pair in found if pair[0] in GLOBAL_TABLES and pair[1] in TENANT_TABLES] == []


def test_no_tenant_table_has_a_trigger():
    found = rows(
        "SELECT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal"
    )  # Triggers are not allowed on distributed tables with foreign keys.
    assert [table for (table,) in found if table in TENANT_TABLES] == []


def test_the_app_connects_as_a_role_that_cannot_bypass_anything():
    (row,) = rows(
        "SELECT current_user, rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = current_user"
    )
    assert tuple(row) == (APP_ROLE, False, False, False)
    owned = rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tableowner = current_user")
    assert owned == []


def test_functions_that_see_across_teams_are_few_and_pinned():
    found = {
        (name, tuple(config or ()))
        for name, config in rows(
            "SELECT proname, proconfig FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace"
            " WHERE n.nspname = 'public' AND prosecdef"
        )
    }
    assert {name for name, _ in found} == {"search_invoices", "teams_of_person"}
    assert all(any("search_path=public, pg_temp" in setting for setting in config) for _, config in found)


def test_statuses_are_text_and_amounts_are_bigint():
    enums = rows(
        "SELECT typname FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace"
        " WHERE typtype = 'e' AND n.nspname = 'public' AND typname NOT LIKE 'procrastinate%'"
    )
    assert enums == []
    wrong = rows(
        "SELECT table_name, column_name, data_type FROM information_schema.columns"
        " WHERE table_schema = 'public' AND column_name LIKE '%\\_minor' AND data_type <> 'bigint'"
    )
    assert wrong == []


def test_append_only_tables_cannot_be_changed_by_the_app():
    (row,) = rows(
        "SELECT has_table_privilege(current_user, 'invoice_transitions', 'UPDATE'),"
        " has_table_privilege(current_user, 'invoice_transitions', 'DELETE')"
    )
    assert tuple(row) == (False, False)


def _key_columns(table: str, kind: str) -> list[list[str]]:
    return [
        list(columns)
        for (columns,) in rows(
            "SELECT ARRAY(SELECT attname::text FROM unnest(conkey) WITH ORDINALITY k(n, o)"
            " JOIN pg_attribute ON attrelid = conrelid AND attnum = n ORDER BY o)"
            " FROM pg_constraint WHERE contype = :k AND conrelid = cast(:t AS regclass)",
            k=kind,
            t=table,
        )
    ]


def test_unsafe_roles_are_refused_at_start(settings, server):
    from dataclasses import replace

    from cornerspot.app import UnsafeDatabaseRole, create_app

    for url in (
        settings.owner_database_url,
        server.url("postgres", settings.database_url.split("/")[-1].split("?")[0]),
    ):
        with pytest.raises(UnsafeDatabaseRole):
            create_app(replace(settings, database_url=url))
