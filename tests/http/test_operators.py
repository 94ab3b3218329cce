"""The operators' pages: who gets in, what they do, and that they see no team's records."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from cornerspot.db import session
from cornerspot.db.transaction import transaction
from cornerspot.kit import clock
from cornerspot.people.models import Person
from cornerspot.people.sessions import begin_session
from cornerspot.plans.changing import request_plan
from cornerspot.plans.entitlements import entitlements
from cornerspot.plans.features import Feature, Limit
from cornerspot.plans.overriding import live_overrides
from cornerspot.tenancy import system_scope, team_scope
from cornerspot.tenancy.http import TeamSessionInterface
from tests.factories.teams import Story, new_person, open_story

PAGES = ["/operators/teams", "/operators/jobs", "/operators/webhooks"]


@pytest.fixture(autouse=True)
def no_tokens(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Posts here need no CSRF token: test_edge proves that the app asks for one."""
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)


def signed_in(app: Flask, *, is_operator: bool) -> FlaskClient:
    """A browser on the installation's own pages."""
    with app.app_context(), system_scope("a test signs in"), transaction():
        person = new_person(name="Olga Operator")
        person.is_operator = is_operator
        session.add(person)
        session.flush()
        token, _ = begin_session(person, team_id=None, ip_address="127.0.0.1", user_agent="test")
    value = TeamSessionInterface().get_signing_serializer(app).dumps({"_user_id": token, "_team": "installation"})
    client = app.test_client()
    client.set_cookie("cornerspot", str(value))
    return client


@pytest.fixture
def operator(app: Flask) -> FlaskClient:
    return signed_in(app, is_operator=True)


def answers_of(story: Story):
    with story.app.app_context(), team_scope(story.team):
        return entitlements()


@pytest.mark.parametrize("path", [*PAGES, "/operators/components"])
def test_nobody_but_operators_finds_the_pages(app, story, path):
    assert signed_in(app, is_operator=False).get(path).status_code == 404
    assert app.test_client().get(path).status_code == 302
    assert story.sign_in("owner").get(path).status_code == 404


@pytest.mark.parametrize("path", PAGES)
def test_an_operator_finds_the_pages(operator, path):
    assert operator.get(path).status_code == 200


def test_the_list_finds_a_team_by_its_address(operator, story):
    other = open_story(story.app)
    page = operator.get(f"/operators/teams?q={story.team.slug}").get_data(as_text=True)
    assert f"/operators/teams/{story.team.slug}" in page
    assert f'/operators/teams/{other.team.slug}"' not in page


@pytest.mark.parametrize("query", ["after=rubbish", "status=happy", "q=%00"])
def test_a_list_address_that_makes_no_sense_is_not_found(operator, query):
    assert operator.get(f"/operators/teams?{query}").status_code == 404


def test_the_list_pages_through_all_teams(operator, app):
    for _ in range(21):
        open_story(app)
    with app.app_context(), system_scope("a test counts"):
        there = session.scalar(text("SELECT count(*) FROM teams"))
    seen, path = 0, "/operators/teams"
    for _ in range(there):  # Other tests' teams are there too.
        page = operator.get(path).get_data(as_text=True)
        seen += page.count("cell-title")
        if "after=" not in page:
            break
        path = "/operators/teams?after=" + page.split("after=")[1].split('"')[0].split("&")[0]
    assert seen == there


def test_an_operator_assigns_the_plan_that_was_asked_for(operator, story):
    with story.app.app_context(), team_scope(story.team), transaction():
        request_plan("scale_v1", by=story.owner)
    address = f"/operators/teams/{story.team.slug}"
    assert "asks for Scale" in operator.get(address).get_data(as_text=True)
    assert operator.post(f"{address}/plan", data={"plan_key": "scale_v1"}).status_code == 303
    assert answers_of(story).plan.key == "scale_v1"
    assert "asks for" not in operator.get(address).get_data(as_text=True)


def test_an_exception_ends_with_its_last_day_in_the_zone_of_the_team(operator, story):
    day = clock.today(story.team.time_zone) + timedelta(days=3)
    address = f"/operators/teams/{story.team.slug}/overrides"
    fields = {"subject": "grant:sso", "ends_on": day.isoformat(), "reason": "pilot"}
    assert operator.post(address, data=fields).status_code == 303
    with story.app.app_context(), team_scope(story.team):
        (override,) = live_overrides()
        assert entitlements().allows(Feature.SSO)
        with clock.moved_to(override.ends_at):
            assert not entitlements().allows(Feature.SSO)


def test_an_exception_is_ended_by_hand(operator, story):
    address = f"/operators/teams/{story.team.slug}/overrides"
    operator.post(address, data={"subject": "limit:teammates", "limit_size": "3", "reason": "small"})
    with story.app.app_context(), team_scope(story.team):
        (override,) = live_overrides()
    assert answers_of(story).limits[Limit.TEAMMATES] == 3
    assert operator.post(f"{address}/{override.id}/end").status_code == 303
    assert answers_of(story).limits[Limit.TEAMMATES] == 25


def test_an_exception_of_another_team_is_not_found(operator, story):
    other = open_story(story.app)
    operator.post(f"/operators/teams/{other.team.slug}/overrides", data={"subject": "revoke:crm", "reason": "x"})
    with story.app.app_context(), team_scope(other.team):
        (override,) = live_overrides()
    answer = operator.post(f"/operators/teams/{story.team.slug}/overrides/{override.id}/end")
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"subject": "grant:sso", "reason": ""},
        {"subject": "grant:sso", "reason": "x" * 501},
        {"subject": "grant:teleport", "reason": "why"},
        {"subject": "limit:teammates", "limit_size": "many", "reason": "why"},
        {"subject": "limit:teammates", "limit_size": "-4", "reason": "why"},
        {"subject": "limit:teammates", "limit_size": "99999999999999999999", "reason": "why"},
        {"subject": "grant:sso", "ends_on": "2020-01-01", "reason": "kept <b>words</b> 💎"},
        {"subject": "grant:sso", "ends_on": "9999-12-31", "reason": "why"},
    ],
)
def test_an_exception_with_mistakes_comes_back_with_what_was_typed(operator, story, fields):
    answer = operator.post(f"/operators/teams/{story.team.slug}/overrides", data=fields)
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert "<b>words" not in page
    if "kept" in fields.get("reason", ""):
        assert "kept &lt;b&gt;words" in page
        assert "Choose a day in the future" in page


def test_suspending_shows_in_the_team_and_ends_with_resuming(operator, story):
    address = f"/operators/teams/{story.team.slug}/suspension"
    assert operator.post(address, data={"suspension_reason": ""}).status_code == 422
    assert operator.post(address, data={"suspension_reason": "unpaid"}).status_code == 303
    owner = story.sign_in("owner")
    assert "This team is suspended." in owner.get("/settings/plan").get_data(as_text=True)
    assert owner.post("/settings/plan/features/billing/switch").status_code == 403
    assert operator.post(f"{address}/removal").status_code == 303
    assert owner.post("/settings/plan/features/billing/switch").status_code == 303


def test_a_job_that_is_not_there_cannot_be_retried(operator):
    assert operator.post("/operators/jobs/999999999/retry").status_code == 404
    assert operator.post(f"/operators/jobs/{2**63}/retry").status_code == 404


def test_a_team_that_is_not_there_is_not_found(operator):
    assert operator.get("/operators/teams/no-such-team").status_code == 404


def test_a_person_does_not_become_an_operator_by_a_membership(app, story):
    with app.app_context(), system_scope("a test looks"):
        assert not session.get(Person, story.owner.person_id).is_operator


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/metrics"])
def test_a_watcher_needs_no_account(app, path):
    assert app.test_client().get(path).status_code == 200


def test_metrics_name_no_team(app, story, client):
    client.get("/settings/plan")
    counted = app.test_client().get("/metrics").get_data(as_text=True)
    assert 'cornerspot_requests_total{endpoint="plans.show"' in counted
    assert story.team.slug not in counted
