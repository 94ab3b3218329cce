"""Rows that are written past the unit of work, and statements that are made once."""

from __future__ import annotations

import pytest
from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm.exc import StaleDataError

from cornerspot.activity.models import ActivityEntry
from cornerspot.crm.models import Account
from cornerspot.db import db, session
from cornerspot.db.transaction import transaction
from cornerspot.kit.ids import new_id
from cornerspot.tenancy import OutsideTeam, system_scope, team_scope
from cornerspot.tenancy.writing import NewRow, write_rows
from tests.factories.crm import make_account
from tests.factories.teams import open_story

BY_NAME = select(Account.id).where(Account.name == bindparam("name"))


@pytest.fixture
def account(team, story):
    made = make_account(by=story.owner)
    session.flush()
    return made


def told(account, event):
    values = {"subject_type": "account", "subject_id": account.id, "event": event, "actor_kind": "system"}
    return NewRow(ActivityEntry, values)


def test_one_statement_writes_the_change_and_every_new_row(account, query_counter):
    account.name, account.tax_id = "Renamed", "ATU1"
    with query_counter() as sent:
        write_rows(told(account, "renamed"), told(account, "moved"), changed=account)
        session.flush()
    assert len(sent) == 1
    session.refresh(account)
    assert (account.name, account.tax_id) == ("Renamed", "ATU1")
    entries = session.scalars(select(ActivityEntry).where(ActivityEntry.event.in_(["renamed", "moved"]))).all()
    assert {(entry.tenant_id, entry.kind, entry.body, entry.data == {}) for entry in entries} == {
        (account.tenant_id, "event", "", True)
    }
    assert all(entry.happened_at and entry.created_at for entry in entries)


def test_what_a_savepoint_takes_back_is_taken_back_from_the_object_too(account):
    before = account.name
    with pytest.raises(RuntimeError), session.begin_nested():
        account.name = "Renamed"
        write_rows(told(account, "renamed"), changed=account)
        raise RuntimeError
    assert account.name == before


def test_a_row_that_is_gone_is_not_written(account):
    session.execute(delete(Account).where(Account.id == account.id), execution_options={"synchronize_session": False})
    account.name = "Renamed"
    with pytest.raises(StaleDataError):
        write_rows(changed=account)
    session.rollback()


def test_rows_belong_to_the_team_of_the_scope(app, account):
    other = open_story(app, name="The Other Company")
    smuggled = Account(tenant_id=other.team.id, id=new_id())
    smuggled.name = "Taken"
    with pytest.raises(OutsideTeam):
        write_rows(changed=smuggled)
    foreign = told(account, "smuggled")
    write_rows(NewRow(ActivityEntry, foreign.values | {"tenant_id": other.team.id}))
    found = select(ActivityEntry.tenant_id).where(ActivityEntry.event == "smuggled")
    assert session.scalars(found).all() == [account.tenant_id]


def test_nothing_is_written_outside_of_a_team(app, account):
    row = told(account, "seen")
    session.rollback()
    with app.app_context(), system_scope("a test"), pytest.raises(OutsideTeam):
        write_rows(row)


def test_a_statement_that_is_kept_asks_for_the_team_of_each_run(app):
    teams = [open_story(app), open_story(app)]
    made = []
    for story in teams:
        with app.app_context(), team_scope(story.team), transaction():
            made.append(make_account(by=story.owner, name="Same name").id)
    for story, account_id in (*zip(teams, made, strict=True), (teams[0], made[0])):
        with app.app_context(), team_scope(story.team):
            assert session.scalars(BY_NAME, {"name": "Same name"}).all() == [account_id]
    with app.app_context(), pytest.raises(OutsideTeam):
        db.session.scalars(BY_NAME, {"name": "Same name"})
