"""Who gets through: roles, the three answers, suspended teams, records of a lost feature."""

from __future__ import annotations

import pytest
from flask import Blueprint, Flask, jsonify

from cornerspot.app import create_app
from cornerspot.blueprints.support.gate import FeatureBlueprint, gate, standing
from cornerspot.db import db
from cornerspot.db.transaction import transaction
from cornerspot.people.actors import Actor
from cornerspot.people.models import Role
from cornerspot.people.permissions import ROLE_PERMISSIONS, Permission
from cornerspot.plans import usage
from cornerspot.plans.catalog import PLANS
from cornerspot.plans.features import FEATURES, Feature
from cornerspot.plans.standing import resume_team, suspend_team
from cornerspot.plans.switching import switch_off
from cornerspot.tenancy import team_scope
from tests.factories.teams import Story, open_story

OPERATOR = Actor(kind="operator", name="Olga Operator")
JSON = {"Accept": "application/json"}


@pytest.fixture(scope="module")
def app(settings):
    """The app with one more blueprint, whose routes ask for a feature in every way there is."""
    probe = FeatureBlueprint("probe", __name__, features=(Feature.ACCOUNTING,), reads_stay=True)

    @probe.route("/probe/records", methods=["GET", "POST"])
    @gate(permission=Permission.READ_INVOICES)
    def records_index():
        return jsonify(said=[each.strong for each in standing()])

    @probe.get("/probe/records/new")
    @gate(permission=Permission.READ_INVOICES)
    def records_new():
        return "form"

    @probe.get("/probe/reports")
    @gate(permission=Permission.READ_INVOICES, feature=Feature.API)
    def reports_index():
        return "reports"

    @probe.get("/probe/settings")
    @gate(permission=Permission.MANAGE_SETTINGS)
    def settings_edit():
        return "settings"

    single = Blueprint("single", __name__)
    for feature in Feature:
        view = gate(feature=feature)(lambda: "ok")
        single.add_url_rule(f"/single/{feature}", endpoint=feature.value, view_func=view)
    for permission in Permission:
        view = gate(permission=permission)(lambda: "ok")
        single.add_url_rule(f"/may/{permission}", endpoint=f"may_{permission}", view_func=view, methods=["GET", "POST"])

    app = create_app(settings)
    app.config["WTF_CSRF_ENABLED"] = False
    app.register_blueprint(probe)
    app.register_blueprint(single)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def ledger(monkeypatch):
    """Whether the team has records of accounting."""
    has = {"records": False}
    monkeypatch.setitem(usage._finders, Feature.ACCOUNTING, lambda: has["records"])
    return has


def inside(story: Story, work) -> None:
    with story.app.app_context(), team_scope(story.team), transaction():
        work()


@pytest.mark.parametrize("plan_key", list(PLANS))
def test_each_plan_opens_the_routes_of_its_features_and_no_other(app, plan_key):
    browser = open_story(app, plan_key=plan_key).sign_in("owner")
    for feature in Feature:
        expected = 200 if feature in PLANS[plan_key].features else 402
        assert browser.get(f"/single/{feature}").status_code == expected, feature
        assert browser.get(f"/single/{feature}", headers=JSON).status_code == expected, feature


@pytest.mark.parametrize("role", list(Role))
def test_each_role_opens_the_routes_of_its_permissions_and_no_other(story, role):
    browser = story.sign_in(role)
    for permission in Permission:
        expected = 200 if permission in ROLE_PERMISSIONS[role] else 403
        assert browser.get(f"/may/{permission}").status_code == expected, permission


@pytest.mark.parametrize(("role", "status"), [("rep", 403), ("manager", 403), ("admin", 402), ("owner", 402)])
def test_a_missing_role_is_told_before_a_missing_feature(app, role, status):
    assert open_story(app, plan_key="free_v1").sign_in(role).get("/probe/settings").status_code == status


def test_the_402_page_names_the_feature_and_the_plans_that_have_it(app):
    page = open_story(app, plan_key="free_v1").sign_in("owner").get("/single/billing").get_data(as_text=True)
    assert FEATURES[Feature.BILLING].name in page
    assert "Growth" in page
    assert "Scale" in page


def test_the_402_of_an_api_has_keys_instead_of_sentences(app):
    answer = open_story(app, plan_key="free_v1").sign_in("owner").get("/single/sso", headers=JSON).get_json()
    assert answer["feature"] == "sso"
    assert answer["answer"] == "not_in_plan"
    assert answer["plans"] == ["scale_v1"]


def test_a_switched_off_feature_says_so(story):
    inside(story, lambda: switch_off(Feature.BILLING, by=story.owner))
    browser = story.sign_in("admin")
    assert browser.get("/single/billing", headers=JSON).get_json()["answer"] == "switched_off"
    assert "switched off" in browser.get("/single/billing").get_data(as_text=True)


def test_records_of_a_lost_feature_stay_readable_under_a_banner(app, ledger):
    story = open_story(app, plan_key="free_v1")
    ledger["records"] = True
    answer = story.sign_in("rep").get("/probe/records")
    assert answer.status_code == 200
    assert answer.get_json()["said"] == ["Accounting is not in your plan."]


def test_records_of_a_switched_off_feature_stay_readable_too(story, ledger):
    ledger["records"] = True
    inside(story, lambda: switch_off(Feature.ACCOUNTING, by=story.owner))
    assert story.sign_in("rep").get("/probe/records").get_json()["said"] == ["Accounting is switched off."]


def test_a_feature_that_was_never_used_is_explained_instead(app, ledger):
    assert open_story(app, plan_key="free_v1").sign_in("owner").get("/probe/records").status_code == 402


@pytest.mark.parametrize(("method", "path"), [("POST", "/probe/records"), ("GET", "/probe/records/new")])
def test_a_lost_feature_cannot_be_used_any_further(app, ledger, method, path):
    ledger["records"] = True
    browser = open_story(app, plan_key="free_v1").sign_in("owner")
    assert browser.open(path, method=method).status_code == 402


def test_a_feature_named_on_the_route_is_never_relaxed(app, ledger):
    ledger["records"] = True
    assert open_story(app, plan_key="free_v1").sign_in("owner").get("/probe/reports").status_code == 402


def test_a_suspended_team_reads_and_cannot_write(story):
    inside(story, lambda: suspend_team(by=OPERATOR, reason="unpaid"))
    browser = story.sign_in("owner")
    assert browser.get("/probe/records").get_json()["said"] == ["This team is suspended."]
    refused = browser.post("/probe/records", headers=JSON)
    assert refused.status_code == 403
    assert "suspended" in refused.get_json()["detail"]
    for permission in Permission:
        assert browser.post(f"/may/{permission}").status_code == 403
    inside(story, lambda: resume_team(by=OPERATOR))
    assert browser.post("/probe/records").status_code == 200


def test_a_stranger_is_asked_to_sign_in(app: Flask, story):
    answer = app.test_client().get(f"/{story.team.slug}/probe/records")
    assert answer.status_code == 302
    assert "sign-in" in answer.location
