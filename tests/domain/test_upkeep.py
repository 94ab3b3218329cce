"""What is gone after a night, and what is kept."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from cornerspot.crm.archiving import trash_record
from cornerspot.crm.models import Account, Contact, Deal
from cornerspot.crm.upkeep import purge_trash
from cornerspot.db import session
from cornerspot.db.transaction import transaction
from cornerspot.jobs.registry import job_kind
from cornerspot.kit import clock
from cornerspot.people.actors import SYSTEM
from cornerspot.people.models import HandOff, PasswordReset, Person, SignIn, SignInFailure
from cornerspot.people.upkeep import forget_expired
from cornerspot.schedule import SCHEDULE
from cornerspot.tenancy import system_scope
from tests.factories.crm import make_account, make_contact, make_deal, make_line

LONG_AGO = timedelta(days=31)


def counted(*models):
    return [session.scalar(select(func.count()).select_from(model)) for model in models]


def test_every_task_of_the_schedule_exists(app):
    for entry in SCHEDULE:
        assert job_kind(entry.task).name == entry.task


def test_the_trash_is_emptied_after_thirty_days(team):
    account = make_account()
    contact = make_contact(account)
    deal = make_deal(account, lines=[make_line()], contact_id=contact.id)
    kept = make_account("Kept")
    with clock.moved_to(clock.now() - LONG_AGO):
        for row in (deal, contact, account):
            trash_record(row, by=SYSTEM)
    trash_record(make_account("Deleted today"), by=SYSTEM)
    purge_trash()
    assert counted(Account, Contact, Deal) == [2, 0, 0]
    assert kept.deleted_at is None


def test_what_something_still_refers_to_stays_in_the_trash(team):
    account = make_account()
    deal = make_deal(account)
    with clock.moved_to(clock.now() - LONG_AGO):
        trash_record(deal, by=SYSTEM)
        trash_record(account, by=SYSTEM)
    deal.deleted_at = clock.now()
    session.flush()  # The purge reads it.
    purge_trash()
    assert counted(Account, Deal) == [1, 1]


def test_expired_sign_ins_and_links_are_forgotten(app, story):
    story.sign_in()
    with app.app_context(), system_scope("a test"), transaction():
        person = session.scalars(select(Person).where(Person.id == story.owner.person_id)).one()
        then = clock.now() - LONG_AGO
        old = {"person_id": person.id, "expires_at": then}
        browser = {"browser_id": person.id, "team_id": story.team.id}
        session.add_all(
            [
                SignIn(token_digest=f"{person.id} expired", **old, **browser),
                HandOff(token_digest=f"{person.id} expired", **old, **browser),
                PasswordReset(**old),
                SignInFailure(email_digest=f"{person.id} old", failures=5, last_failed_at=then),
            ]
        )
    with app.app_context(), system_scope("a test"), transaction():
        forget_expired()
        left = [
            session.scalar(select(func.count()).where(model.person_id == person.id))
            for model in (SignIn, HandOff, PasswordReset)
        ]
        assert left == [1, 0, 0]
        assert session.scalars(select(SignInFailure).where(SignInFailure.last_failed_at == then)).all() == []
