"""The demo teams: a believable year, made once, whose numbers and sums hold."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from cornerspot.activity.models import ActivityEntry
from cornerspot.app import create_app
from cornerspot.billing.checking import check_books
from cornerspot.billing.models import Invoice, Payment, PaymentAllocation
from cornerspot.billing.states import InvoiceStatus
from cornerspot.cli import main
from cornerspot.conversion.models import Conversion
from cornerspot.conversion.reading import read_deal, read_plan
from cornerspot.crm.models import Account, Contact, Deal, Stage, StageClass
from cornerspot.db import db, session
from cornerspot.kit import clock
from cornerspot.onboarding.demo import create_demo, creating, sign_ins
from cornerspot.onboarding.demo.cast import MEMBERS, NORDLICHT_TEAM, OPERATOR, PASSWORD, PRAIRIE_TEAM
from cornerspot.onboarding.demo.creating import STANDIN_STATE
from cornerspot.onboarding.demo.timetable import Timetable
from cornerspot.people.models import Membership, Person
from cornerspot.people.signing_in import try_password
from cornerspot.plans.entitlements import entitlements
from cornerspot.plans.features import Feature
from cornerspot.portal.models import Membership as PortalMembership
from cornerspot.portal.models import PortalUser
from cornerspot.portal.signing_in import try_member_password
from cornerspot.settings import use_settings
from cornerspot.tenancy import system_scope, team_scope
from cornerspot.tenancy.context import find_team
from cornerspot.tenancy.models import Team
from tests.conftest import _schema_digest
from tests.factories.teams import open_story


@pytest.fixture(scope="module")
def demo(app):
    """The demo, created; what was said about it."""
    said = []
    create_demo(app, say=said.append)
    return said


@pytest.fixture
def nordlicht(app, demo):
    with app.app_context(), team_scope(find_team(Team.slug == "nordlicht")) as team:
        yield team


@pytest.fixture
def prairie(app, demo):
    with app.app_context(), team_scope(find_team(Team.slug == "prairie")) as team:
        yield team


def counted(column):
    return Counter(dict(session.execute(select(column, func.count()).group_by(column)).all()))


def test_creating_it_again_changes_nothing(app, demo):
    assert any("Nordlicht Studio is ready" in line for line in demo)
    said = []
    create_demo(app, say=said.append)
    assert said == []


def test_everybody_of_the_cast_can_sign_in(app, demo):
    with app.app_context(), system_scope("a test signs everybody in"):
        for colleague in (*NORDLICHT_TEAM, *PRAIRIE_TEAM, OPERATOR):
            assert try_password(colleague.email, PASSWORD).person is not None, colleague.email
        operators = session.scalars(select(Person.email).where(Person.is_operator)).all()
        assert OPERATOR.email in operators


def test_there_are_two_sign_ins_for_each_role(app, nordlicht):
    assert counted(Membership.role) == {"owner": 2, "admin": 2, "manager": 2, "rep": 2}


def test_the_table_of_sign_ins_names_every_one_of_them(app):
    lines = sign_ins(app)
    assert len(lines) == 1 + len(NORDLICHT_TEAM) + len(PRAIRIE_TEAM) + len(MEMBERS) + 1
    assert all(PASSWORD in line and "http" in line for line in lines[1:])


def test_members_of_the_portal_can_sign_in_and_invitations_end_in_every_way(nordlicht):
    for _, email in MEMBERS:
        assert try_member_password(email, PASSWORD).user is not None, email
    assert set(counted(PortalUser.state)) == set(PortalMembership)
    session.rollback()


def test_invoices_are_in_every_status_there_is_a_way_to(nordlicht):
    assert set(counted(Invoice.status)) == set(InvoiceStatus)
    today = clock.today(nordlicht.time_zone)
    invoices = session.scalars(select(Invoice)).all()
    assert sum(invoice.is_overdue(today) for invoice in invoices) >= 3
    assert any(invoice.deleted_at for invoice in invoices)
    assert {invoice.currency for invoice in invoices} == {"EUR", "USD", "JPY"}
    assert any(invoice.prices_include_tax for invoice in invoices)
    assert any(invoice.discount_minor for invoice in invoices)
    assert {invoice.sent_at is None for invoice in invoices if invoice.is_unpaid} == {True, False}
    final = [invoice for invoice in invoices if invoice.is_finalized]
    assert all("IBAN" in invoice.frozen["texts"]["payment_instructions"] for invoice in final)
    assert all(invoice.terms_text and invoice.frozen["texts"]["footer"] for invoice in final)
    assert 55 <= len(invoices) <= 90


def test_numbers_go_up_with_dates_and_have_no_gap(nordlicht):
    final = session.scalars(select(Invoice).where(Invoice.number.is_not(None)).order_by(Invoice.number)).all()
    assert [invoice.number for invoice in final] == [f"INV-{n:06}" for n in range(1, len(final) + 1)]
    dates = [invoice.issued_on for invoice in final]
    assert dates == sorted(dates)
    assert clock.today(nordlicht.time_zone) - dates[0] > timedelta(days=330)


def test_what_was_paid_is_the_sum_of_the_payments_that_count(nordlicht):
    live = dict(
        session.execute(
            select(PaymentAllocation.invoice_id, func.sum(PaymentAllocation.amount_minor))
            .where(PaymentAllocation.released_at.is_(None))
            .group_by(PaymentAllocation.invoice_id)
        ).all()
    )
    for invoice in session.scalars(select(Invoice)):
        assert invoice.paid_minor == live.get(invoice.id, 0), invoice.number
    assert {"bank_transfer", "card", "cash", "check", "other"} == set(counted(Payment.method))
    assert counted(Payment.status)["undone"] == 1


def test_the_books_of_both_teams_are_sound(app, demo):
    for slug in ("nordlicht", "prairie"):
        with app.app_context(), team_scope(find_team(Team.slug == slug)):
            assert list(check_books()) == []


def test_won_deals_wait_to_be_converted(nordlicht):
    won = select(Deal.id).join(Stage, Stage.id == Deal.stage_id).where(Stage.stage_class == StageClass.WON)
    plans = [read_plan(read_deal(deal_id)) for deal_id in session.scalars(won)]
    ready = [plan for plan in plans if not plan.refusals]
    assert len([plan for plan in ready if not plan.billed]) >= 5
    assert [plan for plan in ready if plan.billed], "a deal with lines that were added after it was converted"
    assert [plan for plan in ready if plan.recurring], "a deal with a recurring line"
    assert counted(Conversion.status)["in_progress"] == 1


def test_deals_stand_in_every_stage_and_say_why_they_were_lost(nordlicht):
    assert len(counted(Deal.stage_id)) == 6
    lost = select(Deal).join(Stage, Stage.id == Deal.stage_id).where(Stage.stage_class == StageClass.LOST)
    assert all(deal.lost_reason for deal in session.scalars(lost))


def test_everything_happened_in_business_hours_and_nothing_in_the_future(nordlicht):
    zone = ZoneInfo(nordlicht.time_zone)
    for entry in session.scalars(select(ActivityEntry)):
        at = entry.created_at.astimezone(zone)
        assert at <= datetime.now(zone)
        assert at.weekday() < 5, entry.event
        assert 9 <= at.hour <= 19, entry.event


def test_prairie_is_on_free_with_two_people_and_no_invoice(prairie):
    answers = entitlements()
    assert (answers.plan.key, answers.trial_plan) == ("free_v1", None)
    assert not answers.allows(Feature.BILLING)
    assert session.scalar(select(func.count()).select_from(Membership)) == 2
    assert session.scalar(select(func.count()).select_from(Invoice)) == 0
    for model in (Account, Contact, Deal):
        assert session.scalar(select(func.count()).select_from(model)) >= 6


def test_acts_are_played_by_their_moment_with_the_clock_there_and_never_ahead_of_now(team):
    table, played = Timetable("Europe/Vienna", seed=1), []
    table.add(table.days_ago(3), lambda: played.append(("late", clock.now())))
    table.add(table.days_ago(30), lambda: table.add(table.later(5), lambda: played.append(("chained", clock.now()))))
    table.add(table.now + timedelta(days=1), lambda: played.append(("future", clock.now())))
    table.play()
    assert [name for name, _ in played] == ["chained", "late"]
    assert played[0][1] < played[1][1] < table.now


def test_reset_is_refused_outside_of_the_demo(monkeypatch):
    monkeypatch.setenv("CORNERSPOT_ENV", "development")
    result = CliRunner().invoke(main, ["demo", "reset", "--yes"])
    assert result.exit_code == 2
    assert "CORNERSPOT_ENV=demo" in result.output


@pytest.fixture
def new_database(server, database, settings, tmp_path):
    """An app on a database without a team, whose data folder has what a stand-in kept."""
    template, name = f"template_{_schema_digest()}", f"{database}_demo"
    server.drop_database(name)
    server.create_database(name, template=template)
    app = create_app(replace(settings, database_url=server.url("cornerspot_app", name), data_dir=tmp_path))
    (tmp_path / STANDIN_STATE).write_text("{}")
    yield app
    with app.app_context():
        db.engine.dispose()
    use_settings(settings)
    server.drop_database(name)


def test_what_the_stand_in_kept_goes_with_the_database_it_was_kept_for(new_database, tmp_path, monkeypatch):
    monkeypatch.setattr(creating, "STORIES", ())
    create_demo(new_database, say=print)
    assert not (tmp_path / STANDIN_STATE).exists()
    open_story(new_database)
    (tmp_path / STANDIN_STATE).write_text("{}")
    create_demo(new_database, say=print)
    assert (tmp_path / STANDIN_STATE).exists()
