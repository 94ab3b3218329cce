"""The Plan & features page: what each role sees and may do there."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from cornerspot.db import session
from cornerspot.db.transaction import transaction
from cornerspot.kit import clock
from cornerspot.plans.assigning import locked_team_plan, team_plan_of_scope
from cornerspot.plans.entitlements import Answer, entitlements
from cornerspot.plans.features import FEATURES, Feature
from cornerspot.tenancy import team_scope
from tests.factories.teams import Story, open_story


@pytest.fixture(autouse=True)
def no_tokens(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Posts here need no CSRF token: test_edge proves that the app asks for one."""
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)


def answer_of(story: Story, feature: Feature) -> Answer:
    with story.app.app_context(), team_scope(story.team):
        return entitlements().answer(feature)


def test_the_page_names_every_feature_with_its_state(client, story):
    page = client.get("/settings/plan").get_data(as_text=True)
    for description in FEATURES.values():
        assert description.name in page
    assert page.count("Not in plan") == 4
    assert page.count(">Switch off<") == 6


def test_the_page_takes_no_more_statements_with_more_switches(client, query_counter):
    with query_counter() as few:
        client.get("/settings/plan")
    assert len(few) <= 15


@pytest.mark.parametrize(("role", "status"), [("rep", 403), ("manager", 403), ("admin", 200), ("owner", 200)])
def test_only_admins_and_owners_see_the_plan(story, role, status):
    assert story.sign_in(role).get("/settings/plan").status_code == status


def test_an_admin_switches_a_feature_off_and_on(story):
    admin = story.sign_in("admin")
    assert admin.post("/settings/plan/features/billing/switch").status_code == 303
    assert answer_of(story, Feature.BILLING) is Answer.SWITCHED_OFF
    assert "Switched off" in admin.get("/settings/plan").get_data(as_text=True)
    assert admin.post("/settings/plan/features/billing/switch/removal").status_code == 303
    assert answer_of(story, Feature.BILLING) is Answer.YES


def test_a_feature_outside_the_plan_cannot_be_switched(story):
    assert story.sign_in("admin").post("/settings/plan/features/sso/switch").status_code == 402


def test_an_unknown_feature_is_not_found(client):
    assert client.post("/settings/plan/features/teleport/switch").status_code == 404


def test_an_admin_cannot_change_the_plan(story):
    admin = story.sign_in("admin")
    assert admin.get("/settings/plan/changes/new?plan=free_v1").status_code == 403
    assert admin.post("/settings/plan/changes", data={"plan": "free_v1"}).status_code == 403
    assert admin.post("/settings/plan/requests", data={"plan": "scale_v1"}).status_code == 403


def test_the_owner_sees_what_a_downgrade_loses_before_it_happens(client):
    page = client.get("/settings/plan/changes/new?plan=free_v1").get_data(as_text=True)
    assert "Billing" in page
    assert "Nothing is deleted" in page
    assert "Happens on" in page


def test_the_owner_schedules_a_downgrade_and_takes_it_back(client, story):
    assert client.post("/settings/plan/changes", data={"plan": "billing_v1"}).status_code == 303
    assert "You move to Billing on" in client.get("/settings/plan").get_data(as_text=True)
    assert client.post("/settings/plan/changes/cancellation").status_code == 303
    with story.app.app_context(), team_scope(story.team):
        assert team_plan_of_scope().next_plan_key is None


def test_a_downgrade_that_exceeds_limits_lists_them_and_changes_nothing(story):
    for role in ("rep", "manager"):
        story.add_teammate(role)
    owner = story.sign_in("owner")
    answer = owner.post("/settings/plan/changes", data={"plan": "free_v1"})
    assert answer.status_code == 409
    assert "Teammates: 3 of 2" in answer.get_data(as_text=True)
    with story.app.app_context(), team_scope(story.team):
        assert team_plan_of_scope().next_plan_key is None


def test_the_owner_asks_for_a_dearer_plan(client, story):
    assert client.post("/settings/plan/requests", data={"plan": "scale_v1"}).status_code == 303
    assert "You asked for Scale" in client.get("/settings/plan").get_data(as_text=True)
    with story.app.app_context(), team_scope(story.team):
        plan = team_plan_of_scope()
        assert (plan.plan_key, plan.requested_plan_key) == ("growth_v1", "scale_v1")


@pytest.mark.parametrize("plan", ["", "growth_v1", "platinum_v9", "\x00", "💎"])
def test_a_plan_that_cannot_be_chosen_leads_back_or_is_refused(client, plan):
    assert client.get("/settings/plan/changes/new", query_string={"plan": plan}).status_code == 302
    assert client.post("/settings/plan/changes", data={"plan": plan}).status_code == 422
    assert client.post("/settings/plan/requests", data={"plan": plan}).status_code == 422


def test_the_page_says_what_conversion_lacks(app: Flask):
    story = open_story(app, plan_key="billing_v1")
    page = story.sign_in("owner").get("/settings/plan").get_data(as_text=True)
    assert "Mark Won + Convert is not available" in page
    assert "Missing: CRM." in page


def test_a_trial_shows_how_many_days_are_left(app: Flask):
    story = open_story(app, plan_key="free_v1")
    with app.app_context(), team_scope(story.team), transaction():
        plan = locked_team_plan()
        plan.trial_plan_key, plan.trial_ends_at = "growth_v1", clock.now() + timedelta(days=12, hours=1)
        session.flush()
    page = story.sign_in("owner").get("/settings/plan").get_data(as_text=True)
    assert "Trial of Growth" in page
    assert "13\u00a0days left" in page or "13 days left" in page
