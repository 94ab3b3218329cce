"""Statements past SQLAlchemy: alone in their transaction, for their team, and what goes wrong on the way."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import DataError, DBAPIError, OperationalError

from cornerspot.crm.models import Account
from cornerspot.db import db, session
from cornerspot.db.straight import lone_row
from cornerspot.db.transaction import in_transaction, reading_only
from cornerspot.settings import current_settings
from cornerspot.tenancy import system_scope, team_scope
from cornerspot.tenancy.context import OutsideTeam, narrow_to_account
from cornerspot.tenancy.straight import lone_row_of_team
from tests.factories.teams import open_story

TEAM_TOLD = "SELECT current_setting('app.tenant_id', true), pg_backend_pid()"


@pytest.fixture(autouse=True)
def one_connection(app) -> Iterator[None]:
    """The pool is empty before, so that what follows uses one connection again and again."""
    with app.app_context():
        db.engine.dispose()
        yield
        db.engine.dispose()


@pytest.fixture
def owner() -> Iterator[psycopg.Connection]:
    with psycopg.connect(str(current_settings().owner_database_url), autocommit=True) as connection:
        yield connection


def server_process() -> int:
    return lone_row("SELECT pg_backend_pid()", {})[0]


def test_values_come_back_as_they_went(app):
    words = "ä % %% %(word)s $1 '; DROP"
    given = lone_row("SELECT %(word)s::text, 7 %% 4, %(word)s::text, %(n)s::int", {"word": words, "n": 7})
    assert given == (words, 3, words, 7)
    assert lone_row("SELECT %(n)s::int WHERE false", {"n": 7}) is None
    assert lone_row("SELECT %(n)s::int", {"n": None}) == (None,)


def test_a_value_larger_than_any_buffer_arrives(app):
    body = b"\0\xff" * 2_000_000
    assert lone_row("SELECT md5(%(body)s), %(body)s::bytea", {"body": body}) == (hashlib.md5(body).hexdigest(), body)


def test_each_is_a_transaction_and_what_it_was_told_ends_with_it(app):
    first = lone_row("SELECT pg_current_xact_id()::text", {}, settings=[("app.tenant_id", "x")])
    assert lone_row("SELECT pg_current_xact_id()::text", {}) != first
    assert lone_row(TEAM_TOLD, {}, settings=[("app.tenant_id", "x")])[0] == "x"
    assert not lone_row(TEAM_TOLD, {})[0]


def test_only_rows_of_the_team_are_seen_by_a_statement_that_forgets_to_ask(app):
    mine, other = open_story(app), open_story(app)
    for story, names in ((mine, ["A", "B"]), (other, ["C"])):
        with team_scope(story.team):
            in_transaction(lambda names=names: session.add_all([Account(name=name) for name in names]))
    with team_scope(mine.team):
        assert lone_row_of_team("SELECT string_agg(name, '' ORDER BY name) FROM accounts", {}) == ("AB",)
    assert lone_row("SELECT count(*) FROM accounts", {}) == (0,)


def test_it_needs_a_team(app):
    with pytest.raises(OutsideTeam):
        lone_row_of_team("SELECT 1", {})
    with system_scope("a test"), pytest.raises(OutsideTeam):
        lone_row_of_team("SELECT 1", {})


def test_a_narrowed_scope_is_as_narrow_there(app, story):
    with team_scope(story.team):
        in_transaction(lambda: session.add_all([Account(name="A"), Account(name="B")]))
        account_id = lone_row_of_team("SELECT id FROM accounts WHERE name = 'B'", {})[0]
        narrow_to_account(account_id)
        assert lone_row_of_team("SELECT string_agg(name, '') FROM accounts", {}) == ("B",)


def test_where_nothing_may_be_written_it_writes_nothing(app, story):
    rename = "UPDATE accounts SET name = 'X' WHERE tenant_id = %(tenant_id)s RETURNING id"
    with team_scope(story.team):
        in_transaction(lambda: session.add(Account(name="A")))
        with reading_only(), pytest.raises(DBAPIError, match="read-only"):
            lone_row_of_team(rename, {})
        assert lone_row_of_team(rename, {}) is not None


def test_what_postgresql_refuses_is_sqlalchemys_error_and_the_connection_goes_on(app):
    before = server_process()
    with pytest.raises(DataError, match="division by zero"):
        lone_row("SELECT 1 / %(n)s::int", {"n": 0}, settings=[("app.tenant_id", "x")])
    told, after = lone_row(TEAM_TOLD, {})
    assert (after, not told) == (before, True)


@pytest.mark.parametrize("forgotten", ["ALL", "straight_some"])
def test_statements_that_a_connection_forgot_are_prepared_again(app, forgotten):
    statements = [f"SELECT {number}, %(n)s::int" for number in range(4)]
    for number, statement in enumerate(statements):
        assert lone_row(statement, {"n": 5}) == (number, 5)
    with db.engine.connect() as connection:
        if forgotten != "ALL":
            forgotten = connection.scalar(text("SELECT name FROM pg_prepared_statements WHERE statement LIKE '%2,%'"))
        connection.exec_driver_sql(f"DEALLOCATE {forgotten}")
    for number, statement in enumerate([*statements, "SELECT 4, %(n)s::int"]):
        assert lone_row(statement, {"n": 6}) == (number, 6)


def test_a_statement_is_prepared_again_when_a_migration_changed_what_it_gives(app, owner):
    owner.execute("CREATE TABLE of_this_test (word varchar(10)); INSERT INTO of_this_test VALUES ('a')")
    owner.execute("GRANT SELECT ON of_this_test TO cornerspot_app")
    try:
        assert lone_row("SELECT * FROM of_this_test", {}) == ("a",)
        owner.execute("ALTER TABLE of_this_test ALTER COLUMN word TYPE text, ADD COLUMN number int DEFAULT 7")
        assert lone_row("SELECT * FROM of_this_test", {}) == ("a", 7)
    finally:
        owner.execute("DROP TABLE of_this_test")


def test_a_deadlock_is_tried_again(app, owner):
    owner.execute("CREATE SEQUENCE of_this_test; GRANT USAGE ON SEQUENCE of_this_test TO cornerspot_app")
    owner.execute(
        "CREATE FUNCTION once() RETURNS int LANGUAGE plpgsql AS $$ BEGIN"
        " IF nextval('of_this_test') = 1 THEN RAISE deadlock_detected; END IF; RETURN 7; END $$"
    )
    try:
        assert lone_row("SELECT once()", {}) == (7,)
    finally:
        owner.execute("DROP FUNCTION once(); DROP SEQUENCE of_this_test")


def test_a_server_that_refuses_is_sqlalchemys_error_and_copy_goes_another_way(app, monkeypatch):
    with pytest.raises(DBAPIError, match="COPY"):
        lone_row("COPY (SELECT 1) TO STDOUT", {})
    db.engine.dispose()
    with monkeypatch.context() as patch, pytest.raises(OperationalError):
        patch.setattr(psycopg, "connect", refuse)
        lone_row("SELECT 1", {})
    assert lone_row("SELECT 1", {}) == (1,)


def refuse(*_: object, **__: object) -> None:
    raise psycopg.OperationalError("connection refused")


def test_a_server_that_hung_up_is_an_error_once(app):
    before = server_process()
    with pytest.raises(OperationalError):
        lone_row("SELECT pg_terminate_backend(pg_backend_pid())", {})
    assert server_process() != before
    assert db.engine.pool.checkedout() == 0


def test_threads_get_their_own_answers(app):
    def ask(number: int) -> bool:
        with app.app_context():
            return lone_row("SELECT %(n)s::int, %(word)s::text", {"n": number, "word": "x" * number}) == (
                number,
                "x" * number,
            )

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(800)))
    assert db.engine.pool.checkedout() == 0


@pytest.mark.parametrize("round_", range(20))
def test_a_connection_that_was_ended_meanwhile_is_told_as_lost_and_not_used_again(app, round_):
    """Whether the end was heard of before, while or after asking: the next one asks on another connection."""
    before = server_process()
    with create_engine(db.engine.url, poolclass=NullPool).connect() as stranger:
        stranger.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": before})
        if round_ % 2:
            gone = text("SELECT count(*) FROM pg_stat_activity WHERE pid = :pid")
            while stranger.scalar(gone, {"pid": before}):
                stranger.rollback()
    with pytest.raises(OperationalError):
        lone_row("SELECT 1", {}, settings=[("app.tenant_id", "x")])
    assert server_process() != before
