"""Who may do what on every real route, and what a form cannot smuggle in."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from cornerspot.billing.models import Invoice, InvoiceLine
from cornerspot.blueprints.support.gate import need_of
from cornerspot.crm.models import Deal
from cornerspot.db import session
from cornerspot.db.transaction import transaction
from cornerspot.kit.ids import encode_public_id, new_id
from cornerspot.people.actors import Actor
from cornerspot.people.models import Membership, Person, Role
from cornerspot.people.permissions import ROLE_PERMISSIONS, Permission
from cornerspot.plans.standing import suspend_team
from cornerspot.tenancy import system_scope, team_scope
from cornerspot.tenancy.models import Team
from tests.architecture.test_isolation import METHODS, build, id_arguments, snapshot, team_rules
from tests.factories.billing import new_account, new_draft
from tests.factories.furnished import MARK, furnish
from tests.factories.teams import open_story

pytestmark = pytest.mark.usefixtures("without_tokens")
OPERATOR = Actor(kind="operator", name="Olga Operator")
READS_BY_POST = ("/deals/preview", "/invoices/preview")


def asked_of_teammates(app):
    """Every route and method that a teammate may ask for, with what it needs."""
    for rule in team_rules(app):
        need = need_of(app, rule.endpoint)
        if need.who == "teammate":
            for method in sorted(rule.methods & set(METHODS)):
                yield rule, method, need


# Roles


@pytest.mark.parametrize("role", list(Role))
def test_a_route_answers_403_to_exactly_those_without_its_permission(app, ours, role):
    """Ids that do not exist, so that nothing changes: whoever is let through finds nothing or is asked for more."""
    story, _ = ours
    story.sign_in(role)
    wrong, refused = [], 0
    for rule, method, need in asked_of_teammates(app):
        browser = story.sign_in(role)  # Some routes end the sign-in.
        ids = {name: encode_public_id(prefix, new_id()) for name, prefix in id_arguments(rule).items()}
        answer = browser.open(build(rule, ids, {}), method=method)
        may = need.permission is None or need.permission in ROLE_PERMISSIONS[role]
        refused += answer.status_code == 403
        if (answer.status_code == 403) == may:
            wrong.append((method, rule.rule, need.permission, answer.status_code))
    assert wrong == []
    assert (refused > 20) == (role in (Role.REP, Role.MANAGER))


def test_a_rep_cannot_change_what_somebody_else_owns(app, ours, server, database):
    """The gate lets reps in, for their own deals and contacts; each use-case must ask whose it is."""
    story, rows = ours
    browser = story.sign_in("rep")
    before = snapshot(server, database, story.team.id)
    wrong, asked = [], 0
    for rule, method, need in asked_of_teammates(app):
        arguments = id_arguments(rule)
        if need.permission is not Permission.EDIT_OWN_CRM or not arguments:
            continue
        ids = {name: encode_public_id(prefix, rows[prefix]) for name, prefix in arguments.items()}
        data = {"name": "Taken over", "last_name": "Taken over", "currency": "EUR", "stage_id": str(rows["stg"])}
        data |= {"version": "1", "stage": str(rows["stg"])}
        answer = browser.open(build(rule, ids, {}), method=method, data=data)
        asked += 1
        if answer.status_code != 403:
            wrong.append((method, rule.rule, answer.status_code))
    assert wrong == []
    assert asked >= 8
    assert snapshot(server, database, story.team.id) == before


def test_a_suspended_team_changes_nothing_on_any_route(app, server, database):
    story = open_story(app, plan_key="scale_v1")
    rows = furnish(story, mark="kept")
    with app.app_context(), team_scope(story.team), transaction():
        suspend_team(by=OPERATOR, reason="unpaid")
    wrong = []
    for rule, method, need in asked_of_teammates(app):
        if method == "GET" or not (need.permission or need.features):
            continue
        ids = {name: encode_public_id(prefix, rows[prefix]) for name, prefix in id_arguments(rule).items()}
        answer = story.sign_in("owner").open(build(rule, ids, {}), method=method, data={"name": "x", "body": "x"})
        if answer.status_code != 403:
            wrong.append((method, rule.rule, answer.status_code))
    assert wrong == []
    assert story.sign_in("owner").get("/invoices").status_code == 200


def test_a_lost_feature_leaves_records_to_read_and_nothing_to_change(app):
    story = open_story(app, plan_key="scale_v1")
    rows = furnish(story, mark="kept")
    _assign(story, "free_v1")
    invoice = f"/invoices/{encode_public_id('inv', rows['inv'])}"
    browser = story.sign_in("owner")
    for path in ("/invoices", invoice, f"{invoice}/pdf"):
        assert browser.get(path).status_code == 200, path
    for rule, method, _ in asked_of_teammates(app):
        if method == "GET" or not rule.endpoint.startswith(("billing.", "conversion.")):
            continue
        ids = {name: encode_public_id(prefix, rows[prefix]) for name, prefix in id_arguments(rule).items()}
        answer = browser.open(build(rule, ids, {}), method=method, data={"body": "x"})
        assert answer.status_code == 402, (method, rule.rule)


def _assign(story, plan_key):
    from cornerspot.plans.assigning import assign_plan

    with story.app.app_context(), team_scope(story.team), transaction():
        assign_plan(plan_key, end_trial=True)


# Smuggling

SMUGGLED = {
    "id": str(new_id()),
    "status": "paid",
    "number": "STOLEN-1",
    "issued_on": "2020-01-01",
    "finalized_at": "2020-01-01",
    "total_minor": "1",
    "subtotal_minor": "1",
    "tax_minor": "0",
    "paid_minor": "1",
    "balance_minor": "0",
    "origin": "conversion",
    "created_by": str(new_id()),
    "frozen": "{}",
    "deleted_at": "2020-01-01",
    "archived_at": "2020-01-01",
    "value_minor": "1",
    "is_operator": "y",
    "role": "owner",
    "password_hash": "x",
    "email": "smuggled@example.com",
    "slug": "smuggled",
    "plan_key": "scale_v1",
    "person_id": str(new_id()),
}


def test_a_draft_takes_no_field_that_its_form_does_not_have(app, theirs):
    story = open_story(app)
    with app.app_context(), team_scope(story.team), transaction():
        account_id, draft = str(new_account().id), new_draft(story.owner)
        path = f"/invoices/{encode_public_id('inv', draft.id)}"
        draft_id, author = draft.id, story.owner.id
    fields = {
        "account": account_id, "currency": "EUR", "terms_days": "30", "version": "1", "lines-0-description": "Work",
        "lines-0-quantity": "2", "lines-0-unit_price": "100.00",
    }  # fmt: skip
    smuggled = {**SMUGGLED, **fields, "tenant_id": str(theirs[0].team.id)}
    smuggled |= {f"lines-0-{name}": "1" for name in ("net_minor", "gross_minor", "deal_line_id", "tenant_id")}
    browser = story.sign_in("owner")
    made, saved = browser.post("/invoices", data=smuggled), browser.post(path, data=smuggled)
    assert (made.status_code, saved.status_code) == (303, 303)
    with app.app_context(), team_scope(story.team):
        invoices = session.scalars(select(Invoice)).all()
        assert len(invoices) == 2
        for row in invoices:
            assert (row.status, row.number, row.issued_on, row.finalized_at) == ("draft", None, None, None)
            assert (row.origin, row.paid_minor, row.total_minor, row.deleted_at) == ("manual", 0, 20000, None)
            assert row.created_by == author
        assert draft_id in {row.id for row in invoices}
        assert {line.net_minor for line in session.scalars(select(InvoiceLine))} == {20000}


def test_a_deal_takes_no_field_that_its_form_does_not_have(app, theirs):
    story = open_story(app)
    fields = {"name": "Real", "currency": "EUR", "lines-0-description": "Work", "lines-0-quantity": "1"}
    fields |= {"lines-0-unit_price": "50.00", "tenant_id": str(theirs[0].team.id)}
    assert story.sign_in("rep").post("/deals", data={**SMUGGLED, **fields}).status_code == 303
    with app.app_context(), team_scope(story.team):
        (deal,) = session.scalars(select(Deal)).all()
        assert (deal.total_minor, deal.value_minor, deal.deleted_at, deal.archived_at) == (5000, 5000, None, None)


def test_ones_own_profile_and_company_give_no_rights(app):
    story = open_story(app)
    for role, path in (("rep", "/settings/profile"), ("admin", "/settings/profile"), ("admin", "/settings/company")):
        data = {**SMUGGLED, "name": "New Name", "country": "AT", "time_zone": "Europe/Vienna", "locale": "en"}
        story.sign_in(role).post(path, data={**data, "currency": "EUR", "version": "1"})
    with app.app_context():
        with system_scope("a test looks"):
            people = session.scalars(select(Person).where(Person.id.in_([a.person_id for a in story.actors.values()])))
            assert [(p.is_operator, p.email == SMUGGLED["email"]) for p in people] == [(False, False)] * 3
            team = session.get_one(Team, story.team.id)
            assert (team.slug, team.status) == (story.team.slug, "active")
        with team_scope(story.team):
            assert sorted(session.scalars(select(Membership.role))) == ["admin", "owner", "rep"]


def test_an_admin_cannot_make_an_owner_by_post(app):
    story = open_story(app)
    story.sign_in("rep")
    member = encode_public_id("mem", story.actors["rep"].id)
    for data in ({"role": "owner"}, {"role": ["rep", "owner"]}):
        story.sign_in("admin").post(f"/settings/teammates/{member}", data=data)
    story.sign_in("admin").post("/settings/invitations", data={"email": "new-owner@example.com", "role": "owner"})
    with app.app_context(), team_scope(story.team):
        assert sorted(session.scalars(select(Membership.role))) == ["admin", "owner", "rep"]


# What leaks


@pytest.mark.parametrize("path", ["/invoices", "/deals", "/accounts", "/contacts", "/products", "/deals/board"])
def test_filters_with_another_teams_ids_and_words_find_nothing(ours, theirs, path):
    browser, foreign = ours[0].sign_in("owner"), theirs[1]
    public = {"account": encode_public_id("acc", foreign["acc"]), "owner": encode_public_id("mem", foreign["mem"])}
    for wanted in (
        public,
        {"stage": encode_public_id("stg", foreign["stg"]), "pipeline": encode_public_id("pip", foreign["pip"])},
        {"deal": encode_public_id("dea", foreign["dea"])},
    ):
        answer = browser.get(path, query_string=wanted)
        assert answer.status_code in (200, 404)
        assert MARK not in answer.text
    assert f'value="{MARK}"' in (text := browser.get(path, query_string={"q": MARK}).text) or MARK not in text


def test_choices_offer_ones_own_rows_only(ours, theirs):
    browser = ours[0].sign_in("owner")
    for path in (
        "/accounts/choices",
        "/contacts/choices",
        "/products/choices",
        "/invoices/customers",
    ):
        answer = browser.get(path, query_string={"q": MARK, "currency": "EUR"})
        assert answer.status_code == 200
        assert MARK not in answer.text.replace(f'value="{MARK}"', ""), path


@pytest.mark.parametrize("prefix", ["inv", "dea", "acc", "con"])
def test_a_note_with_markup_is_shown_as_text(ours, prefix):
    places = {"inv": "invoices", "dea": "deals", "acc": "accounts", "con": "contacts"}
    path = f"/{places[prefix]}/{encode_public_id(prefix, ours[1][prefix])}"
    body = '<img src=x onerror=alert(1)><script>alert(2)</script> https://example.com/"onmouseover=alert(3)'
    browser = ours[0].sign_in("owner")
    assert browser.post(f"{path}/notes", data={"body": body}).status_code in (200, 302, 303)
    shown = browser.get(f"{path}/activity" if prefix in ("dea", "acc") else path).text
    assert "&lt;script&gt;alert(2)" in shown
    assert "<img src=x" not in shown
    assert "<script>alert(2)" not in shown
    assert '"onmouseover=' not in shown
