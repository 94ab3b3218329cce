"""The four walls between teams, each proved on its own."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import create_engine, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.pool import NullPool

from cornerspot.billing.models import Invoice
from cornerspot.crm.models import Account, Contact
from cornerspot.db import db, session
from cornerspot.db.transaction import reading_only, transaction
from cornerspot.kit.errors import NotFound
from cornerspot.kit.ids import new_id
from cornerspot.people.models import Membership
from cornerspot.tenancy import OutsideTeam, current_team, system_scope, team_scope
from cornerspot.tenancy.context import ScopeSwitched, find_team_by_slug
from cornerspot.tenancy.criteria import criteria_switched_off
from tests.factories.teams import open_story


@pytest.fixture
def other(app):
    return open_story(app, name="The Other Company")


@pytest.fixture
def foreign_account_id(app, other):
    with app.app_context(), team_scope(other.team), transaction():
        account = Account(name="Secret customer")
        session.add(account)
        session.flush()
        return account.id


# Wall one: the scope


def test_a_tenant_table_outside_of_a_scope_raises(app):
    with app.app_context(), pytest.raises(OutsideTeam):
        session.scalars(select(Account)).all()


def test_a_tenant_table_in_the_system_scope_raises(app):
    with app.app_context(), system_scope("a test"), pytest.raises(OutsideTeam):
        session.scalars(select(Account)).all()


def test_an_insert_outside_of_a_scope_raises(app):
    with app.app_context(), pytest.raises(OutsideTeam):
        session.add(Account(name="Nobody's"))
        session.flush()
    with app.app_context():
        session.remove()


def test_a_scope_cannot_be_switched_inside_a_transaction(team, other):
    session.scalars(select(Account)).all()
    with pytest.raises(ScopeSwitched), team_scope(other.team):
        pass


def test_a_scope_of_no_team_is_refused(app):
    with app.app_context(), pytest.raises(NotFound), team_scope(new_id()):
        pass


def test_a_scope_does_not_outlive_its_block_or_leak_into_threads(app, story):
    seen = []

    def look():
        with app.app_context():
            try:
                seen.append(current_team())
            except OutsideTeam:
                seen.append(None)

    with app.app_context(), team_scope(story.team):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    assert seen == [None]
    with pytest.raises(OutsideTeam):
        current_team()


def test_a_team_is_found_after_the_database_hung_up(app, story):
    ours = "datname = current_database() AND usename = current_user"
    hang_up = text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {ours} AND pid <> pg_backend_pid()")
    with app.app_context():
        with db.engine.connect(), db.engine.connect():
            find_team_by_slug(story.team.slug)
        # Three connections wait in the pool.
        with create_engine(db.engine.url, poolclass=NullPool).connect() as stranger:
            stranger.execute(hang_up)
        assert find_team_by_slug(story.team.slug) == story.team


# Wall two: ORM criteria


def test_statements_carry_the_team_even_where_the_policy_is_not_in_force(app, story, foreign_account_id, settings):
    """As the owner, whom policies do not bind, the criterion alone keeps the teams apart."""
    from dataclasses import replace

    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session

    from cornerspot.app import database_url

    engine = create_engine(database_url(replace(settings), owner=True))
    with app.app_context(), team_scope(story.team), Session(engine) as owner_session:
        assert owner_session.scalars(select(Account).where(Account.id == foreign_account_id)).all() == []
        done = owner_session.execute(update(Account).where(Account.id == foreign_account_id).values(name="taken"))
        assert done.rowcount == 0
        with criteria_switched_off():
            assert owner_session.scalars(select(Account).where(Account.id == foreign_account_id)).all() != []
    engine.dispose()


def test_a_row_of_another_team_cannot_be_flushed(team, other):
    session.add(Account(tenant_id=other.team.id, name="Smuggled"))
    with pytest.raises(OutsideTeam):
        session.flush()
    session.rollback()


# Wall three: row-level security


def test_the_database_hides_other_teams_without_the_criterion(team, foreign_account_id):
    with criteria_switched_off():
        assert session.scalars(select(Account).where(Account.id == foreign_account_id)).all() == []
        session.execute(update(Account).where(Account.id == foreign_account_id).values(name="taken"))
    hidden = text("SELECT count(*) FROM accounts WHERE id = :id")
    assert session.execute(hidden, {"id": foreign_account_id}).scalar_one() == 0


def test_the_database_refuses_to_write_for_another_team(team, other):
    with pytest.raises(DBAPIError, match="row-level security"):
        session.execute(
            insert(Account.__table__).values(
                tenant_id=other.team.id,
                id=new_id(),
                name="Smuggled",
                created_at=text("now()"),
                legal_name="",
                billing_email="",
                billing_address={},
                shipping_address={},
                tax_id="",
                locale="",
                website="",
                phone="",
                tags=[],
                notes="",
                version=1,
            )
        )
    session.rollback()


def test_without_a_team_the_database_shows_no_rows(app, foreign_account_id):
    with app.app_context(), db.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM accounts")).scalar_one() == 0


def test_the_team_does_not_stay_on_a_pooled_connection(app, story):
    with app.app_context(), team_scope(story.team), transaction():
        session.scalars(select(Account)).all()
    with app.app_context(), db.engine.connect() as connection:
        left = connection.execute(text("SELECT current_setting('app.tenant_id', true)")).scalar_one()
        assert not left


def test_a_savepoint_keeps_the_team(team):
    with session.begin_nested():
        session.add(Account(name="In a savepoint"))
    assert session.scalars(select(Account.name)).all() == ["In a savepoint"]


# Wall four: keys


def test_a_reference_cannot_cross_teams(team, foreign_account_id):
    session.add(Contact(last_name="Crosser", account_id=foreign_account_id))
    with pytest.raises(IntegrityError):
        session.flush()
    session.rollback()


def test_an_invoice_cannot_take_another_teams_customer(team, foreign_account_id):
    session.add(Invoice(currency="EUR", account_id=foreign_account_id))
    with pytest.raises(IntegrityError):
        session.flush()
    session.rollback()


# The rest of the edge


def test_a_reading_transaction_cannot_write(team):
    with reading_only(), pytest.raises(DBAPIError, match="read-only"):
        session.add(Account(name="Written while reading"))
        session.flush()
    session.rollback()


def test_a_person_sees_own_teams_and_nothing_else_across_teams(app, story, other):
    with app.app_context(), system_scope("a test"):
        mine = session.execute(
            text("SELECT team_id FROM teams_of_person(:person)"), {"person": story.owner.person_id}
        ).all()
        assert [row.team_id for row in mine] == [story.team.id]
        with pytest.raises(OutsideTeam):
            session.scalars(select(Membership)).all()
