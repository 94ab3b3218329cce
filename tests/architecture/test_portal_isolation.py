"""A member of account A asks for everything of account B, and of another team: 404, nothing shown, nothing changed.

The table of routes is the app's own, so that a new page of the portal is tested the day it
is written. Below the pages the same is asked of PostgreSQL in plain SQL, table by table, so
that a page that forgets a condition still shows nothing.
"""

from __future__ import annotations

from contextlib import nullcontext

import psycopg
import pytest
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from cornerspot.blueprints.support.gate import need_of
from cornerspot.db import Base, session
from cornerspot.kit.ids import encode_public_id, new_id
from cornerspot.tenancy import TenantOwned, narrow_to_account, team_scope
from cornerspot.tenancy.context import ScopeSwitched
from cornerspot.tenancy.criteria import criteria_switched_off
from tests.architecture.test_isolation import METHODS, build, id_arguments, snapshot
from tests.architecture.test_tenant_tables import READ_BY_MEMBERS
from tests.factories.furnished import MARK, furnish
from tests.factories.portal import member_browser
from tests.factories.teams import open_story

pytestmark = pytest.mark.usefixtures("without_tokens")
TENANT_TABLES = sorted(
    mapper.local_table.name for mapper in Base.registry.mappers if issubclass(mapper.class_, TenantOwned)
)
ADDED_UNSEEN = {"activity_entries", "outgoing_messages", "payment_exceptions", "stored_files"}


@pytest.fixture(scope="module")
def story(app):
    return open_story(app, plan_key="scale_v1", name="The asking team")


@pytest.fixture(scope="module")
def ours(story):
    """Account A of the team, with a row of every kind and the member who asks."""
    return furnish(story, mark="ours")


@pytest.fixture(scope="module")
def beside(story, ours):
    """Account B of the same team, with a row of every kind."""
    return furnish(story, mark=MARK)


@pytest.fixture(scope="module")
def elsewhere(app):
    """An account of another team: the story and its rows."""
    other = open_story(app, plan_key="scale_v1", name="The asked team")
    return other, furnish(other, mark=MARK)


@pytest.fixture
def browser(story, ours):
    return member_browser(story, ours["ptu"], account_id=ours["acc"])


def member_rules(app):
    """The routes that are open to members."""
    rules = [rule for rule in app.url_map.iter_rules() if need_of(app, rule.endpoint).who == "member"]
    return sorted(rules, key=lambda rule: (rule.rule, rule.endpoint))


@pytest.mark.parametrize("criteria", ["on", "off"])
@pytest.mark.parametrize("whose", ["beside", "elsewhere"])
def test_ids_of_others_are_404_and_change_nothing(
    app, story, ours, beside, elsewhere, browser, server, database, whose, criteria
):
    foreign_rows = beside if whose == "beside" else elsewhere[1]
    teams = (story.team.id, elsewhere[0].team.id)
    before = [snapshot(server, database, team_id) for team_id in teams]
    switch = criteria_switched_off if criteria == "off" else nullcontext
    wrong, asked = [], 0
    for rule in member_rules(app):
        arguments = id_arguments(rule)
        for foreign in arguments:
            ids = {
                name: encode_public_id(prefix, (foreign_rows if name == foreign else ours)[prefix])
                for name, prefix in arguments.items()
            }
            for method in sorted(rule.methods & set(METHODS)):
                with switch():
                    response = browser.open(build(rule, ids, {}), method=method)
                asked += 1
                if response.status_code != 404 or MARK.encode() in response.get_data():
                    wrong.append((method, rule.rule, foreign, response.status_code))
    assert wrong == []
    assert asked >= 2
    assert [snapshot(server, database, team_id) for team_id in teams] == before


def test_pages_without_ids_show_nothing_of_others(app, ours, beside, elsewhere, browser):
    wrong = []
    for rule in member_rules(app):
        if rule.arguments or "GET" not in rule.methods:
            continue
        response = browser.get(rule.rule)
        if response.status_code not in (200, 404) or MARK.encode() in response.get_data():
            wrong.append((rule.rule, response.status_code))
    assert wrong == []


def test_bodies_with_ids_of_others_are_refused(app, story, ours, beside, server, database):
    """Every writing route, with account B's ids in every field that could take one."""
    fields = {"account_id": "acc", "invoice_id": "inv", "invoice_ids": "inv", "payment_id": "pay", "document_id": "pdo"}
    body = {field: encode_public_id(prefix, beside[prefix]) for field, prefix in fields.items()}
    wrong = []
    for rule in member_rules(app):
        if "POST" not in rule.methods:
            continue
        ids = {name: encode_public_id(prefix, ours[prefix]) for name, prefix in id_arguments(rule).items()}
        asking = member_browser(story, ours["ptu"], account_id=ours["acc"])  # One of the routes signs out.
        response = asking.post(build(rule, ids, {}), data={**body, "amount": "1"})
        if response.status_code >= 500 or MARK.encode() in response.get_data():
            wrong.append((rule.rule, response.status_code))
    assert wrong == []


def test_strangers_and_the_staff_are_sent_to_the_members_sign_in(app, story, ours):
    wrong = []
    for client in (story.sign_in("owner"), app.test_client()):
        for rule in member_rules(app):
            ids = {name: encode_public_id(prefix, ours[prefix]) for name, prefix in id_arguments(rule).items()}
            for method in sorted(rule.methods & set(METHODS)):
                response = client.open(f"/{story.team.slug}{build(rule, ids, {})}", method=method)
                if response.status_code != 302 or "/portal/sign-in" not in response.headers["Location"]:
                    wrong.append((method, rule.rule, response.status_code))
    assert wrong == []


def test_ids_that_never_existed_look_the_same(app, browser):
    answers = set()
    for rule in member_rules(app):
        arguments = id_arguments(rule)
        ids = {name: encode_public_id(prefix, new_id()) for name, prefix in arguments.items()}
        for method in sorted(rule.methods & set(METHODS)) if arguments else ():
            answers.add((browser.open(build(rule, ids, {}), method=method).status_code, method, rule.rule))
    assert [answer for answer in sorted(answers) if answer[0] != 404] == []
    assert answers


# ---- below the pages: plain SQL as the app's role


@pytest.fixture
def narrowed(settings, story, ours):
    """A connection of the app's role, narrowed to account A until the end of the test."""
    with psycopg.connect(settings.database_url, row_factory=dict_row) as connection:
        connection.execute(f"SET LOCAL app.tenant_id = '{story.team.id}'")
        connection.execute(f"SET LOCAL app.account_id = '{ours['acc']}'")
        yield connection
        connection.rollback()


def rows_beside(server, database, table, beside):
    """Rows of account B as the owner sees them: marked, or among the furnished ids."""
    with psycopg.connect(server.url("cornerspot_owner", database), row_factory=dict_row) as connection:
        return connection.execute(
            f"SELECT * FROM {table} t WHERE t::text LIKE %s OR id = ANY(%s)", [f"%{MARK}%", list(beside.values())]
        ).fetchall()


@pytest.mark.parametrize("table", [table for table in TENANT_TABLES if table not in READ_BY_MEMBERS])
def test_plain_sql_shows_and_changes_nothing_of_another_account(server, database, narrowed, beside, table):
    ids = [row["id"] for row in rows_beside(server, database, table, beside)]
    shown = narrowed.execute(f"SELECT id FROM {table} t WHERE id = ANY(%s) OR t::text LIKE %s", [ids, f"%{MARK}%"])
    assert shown.fetchall() == []
    for change in (f"UPDATE {table} SET created_at = created_at", f"DELETE FROM {table}"):
        with narrowed.transaction(force_rollback=True):
            try:
                assert narrowed.execute(f"{change} WHERE id = ANY(%s)", [ids]).rowcount == 0
            except psycopg.errors.InsufficientPrivilege:
                continue  # An append-only table.


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_plain_sql_adds_no_row_to_another_account(server, database, narrowed, beside, table):
    if table in ADDED_UNSEEN:
        pytest.skip("may be added unseen")
    for row in rows_beside(server, database, table, beside)[:1]:
        copy = {key: value if isinstance(value, dict | list) else _plain(value) for key, value in row.items()}
        copy |= {"id": str(new_id()), "tenant_id": str(row["tenant_id"])}
        with narrowed.transaction(force_rollback=True), pytest.raises(psycopg.errors.InsufficientPrivilege):
            narrowed.execute(
                f"INSERT INTO {table} SELECT * FROM jsonb_populate_record(NULL::{table}, %s)", [Jsonb(copy)]
            )


@pytest.mark.parametrize("table", sorted(READ_BY_MEMBERS))
def test_plain_sql_changes_nothing_that_members_only_read(narrowed, table):
    for change in (f"UPDATE {table} SET created_at = created_at", f"DELETE FROM {table}"):
        assert narrowed.execute(change).rowcount == 0


def test_a_member_sees_the_own_account_through_and_through(narrowed, ours):
    seen = {"accounts": "acc", "contacts": "con", "invoices": "inv", "payments": "pay", "portal_users": "ptu"}
    for table, prefix in (*seen.items(), ("portal_documents", "pdo"), ("portal_sign_ins", "psi")):
        found = narrowed.execute(f"SELECT id FROM {table}").fetchall()
        assert ours[prefix] in [row["id"] for row in found], table
    for table in ("invoice_lines", "payment_allocations", "stored_files"):
        assert narrowed.execute(f"SELECT count(*) AS n FROM {table}").fetchone()["n"] == 1, table


def test_a_draft_and_a_withdrawn_invoice_are_nobodys_business(server, database, narrowed, story, ours):
    with psycopg.connect(server.url("cornerspot_owner", database)) as owner:
        draft = owner.execute(
            "INSERT INTO invoices SELECT (jsonb_populate_record(i, jsonb_build_object('id', %s::text,"
            " 'status', 'draft', 'number', NULL, 'issued_on', NULL, 'due_on', NULL, 'finalized_at', NULL,"
            " 'paid_minor', 0, 'balance_minor', i.total_minor))).* FROM invoices i WHERE i.id = %s RETURNING id",
            [str(new_id()), ours["inv"]],
        ).fetchone()[0]
        owner.execute(
            "INSERT INTO invoice_lines SELECT (jsonb_populate_record(l, jsonb_build_object('id', %s::text,"
            " 'invoice_id', %s::text))).* FROM invoice_lines l WHERE l.invoice_id = %s",
            [str(new_id()), str(draft), ours["inv"]],
        )
    assert narrowed.execute("SELECT id FROM invoices WHERE id = %s", [draft]).fetchall() == []
    assert narrowed.execute("SELECT id FROM invoice_lines WHERE invoice_id = %s", [draft]).fetchall() == []


def test_the_setting_of_one_transaction_is_gone_in_the_next(app, story, ours, beside):
    with app.app_context(), team_scope(story.team):
        narrow_to_account(ours["acc"])
        with pytest.raises(ScopeSwitched):
            narrow_to_account(beside["acc"])
        from cornerspot.billing.models import Invoice

        assert session.get(Invoice, (story.team.id, beside["inv"])) is None
        session.rollback()
        assert session.get(Invoice, (story.team.id, beside["inv"])) is None  # In the next transaction too.
    with app.app_context(), team_scope(story.team):
        assert session.get(Invoice, (story.team.id, beside["inv"])) is not None


def _plain(value):
    return None if value is None else str(value) if not isinstance(value, bool | int) else value
