"""Portal Users, as the team looks after them."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from cornerspot.db import session
from cornerspot.db.transaction import transaction
from cornerspot.jobs.worker import run_pending
from cornerspot.kit.ids import encode_public_id
from cornerspot.mail.models import OutgoingMessage
from cornerspot.plans.assigning import assign_plan
from cornerspot.portal.models import Membership, PortalUser
from cornerspot.tenancy import team_scope
from tests.factories.crm import make_account, make_contact
from tests.factories.people import Browser
from tests.factories.portal import member_browser, new_invitation, new_member

pytestmark = pytest.mark.usefixtures("without_tokens")


@pytest.fixture
def people(story):
    """Ids by name: an account, a contact of it, and a portal user in every state."""
    with story.app.app_context(), team_scope(story.team), transaction():
        account = make_account("Acme GmbH")
        contact = make_contact(account, first_name="Carla", last_name="Contact", email="carla@acme.example")
        ids = {"account": account.id, "contact": contact.id}
        for state in Membership:
            user = new_member(account, state=state, name=f"{state} person".title(), email=f"{state}@acme.example")
            ids[state.value] = user.id
            if state == Membership.INVITED:
                new_invitation(user)
    return ids


def user_path(ids, state, rest=""):
    return f"/portal-users/{encode_public_id('ptu', ids[state])}{rest}"


def state_of(story, user_id):
    with story.app.app_context(), team_scope(story.team):
        return session.scalars(select(PortalUser.state).where(PortalUser.id == user_id)).one_or_none()


def test_the_list_shows_everybody_and_filters_by_membership(client, people):
    page = client.get("/portal-users").text
    assert all(f"{state}@acme.example" in page for state in Membership)
    assert "Acme GmbH" in page
    suspended = client.get("/portal-users?state=suspended").text
    assert "suspended@acme.example" in suspended
    assert "active@acme.example" not in suspended
    found = client.get("/portal-users?q=Revoked").text
    assert "revoked@acme.example" in found
    assert "invited@acme.example" not in found


def test_an_empty_portal_invites_to_invite(client):
    assert "Nobody is in your portal yet" in client.get("/portal-users").text


def test_the_number_of_statements_does_not_grow_with_the_list(client, story, people, query_counter):
    client.get("/portal-users")
    with query_counter() as few:
        client.get("/portal-users")
    with story.app.app_context(), team_scope(story.team), transaction():
        for number in range(12):
            new_member(make_account(), make_account(), name=f"Further {number}")
    with query_counter() as many:
        client.get("/portal-users")
    assert len(few) == len(many) <= 8
    with query_counter() as detail:
        client.get(user_path(people, "active"))
    assert len(detail) <= 15


def test_the_list_pages_by_cursor(client, story):
    with story.app.app_context(), team_scope(story.team), transaction():
        account = make_account()
        for number in range(55):
            new_member(account, name=f"Person {number:03}")
    page = client.get("/portal-users").text
    assert "Person 049" in page
    assert "Person 050" not in page
    further = re.search(r'rel="next" href="([^"]+)"', page)[1].replace("&amp;", "&")
    assert "Person 054" in client.get(further).text


def test_somebody_new_is_invited_and_the_link_in_the_mail_opens_the_portal(client, story, people, empty_queue):
    account = str(people["account"])
    entered = {"email": "Nina@Acme.example", "name": "Nina New", "account_id": account}
    response = client.post("/portal-users", data=entered)
    assert response.status_code == 303
    run_pending(story.app)
    with story.app.app_context(), team_scope(story.team):
        message = session.scalars(select(OutgoingMessage)).one()
    assert message.recipient == "nina@acme.example"
    assert story.team.name in message.text_body
    link = re.search(r"https?://[^/]+(\S+)", message.text_body)[1]
    assert "Set password" in Browser(story.app).get(link).text


def test_inviting_an_address_twice_gives_one_portal_user_and_one_message(client, story, people, empty_queue):
    entered = {"email": "nina@acme.example", "name": "Nina", "account_id": str(people["account"])}
    assert [client.post("/portal-users", data=entered).status_code for _ in range(2)] == [303, 303]
    with story.app.app_context(), team_scope(story.team):
        assert len(session.scalars(select(PortalUser).where(PortalUser.email == "nina@acme.example")).all()) == 1
        assert len(session.scalars(select(OutgoingMessage)).all()) == 1


@pytest.mark.parametrize(
    ("entered", "sentence"),
    [
        ({"email": "nobody"}, "Enter an e-mail address such as"),
        ({"name": ""}, "Enter the person&#39;s name."),
        ({"account_id": ""}, "Choose the account whose invoices"),
        ({"email": "suspended@acme.example"}, "Reactivate them in the list"),
    ],
)
def test_an_invitation_that_cannot_be_sent_says_what_to_do(client, people, entered, sentence):
    given = {"email": "nina@acme.example", "name": "Nina", "account_id": str(people["account"])} | entered
    response = client.post("/portal-users", data=given)
    assert response.status_code == 422
    assert sentence in response.text


def test_a_contact_is_invited_from_the_own_page_and_shown_as_such(client, people):
    path = f"/contacts/{encode_public_id('con', people['contact'])}"
    assert "Invite to portal" in client.get(path).text
    assert client.post(f"{path}/portal-invitation", data={"back": path}).location.endswith(path)
    page = client.get(path).text
    assert "Invite to portal" not in page
    assert "Invited" in page


def test_the_accounts_portal_tab_shows_members_and_who_could_be_invited(client, people):
    page = client.get(f"/accounts/{encode_public_id('acc', people['account'])}/portal").text
    assert "active@acme.example" in page
    assert "carla@acme.example" in page


def test_suspending_signs_out_and_reactivating_lets_in_again(client, story, people):
    visitor = member_browser(story, people["active"])
    assert visitor.get("/portal/").status_code == 200
    client.post(user_path(people, "active", "/suspension"))
    assert visitor.get("/portal/").status_code == 302
    assert state_of(story, people["active"]) == Membership.SUSPENDED
    client.post(user_path(people, "active", "/reactivation"))
    assert state_of(story, people["active"]) == Membership.ACTIVE
    assert visitor.get("/portal/").status_code == 302  # The sign-in of before is over.


def test_revoking_ends_password_sign_ins_and_invitation(client, story, people):
    for state in ("active", "invited"):
        client.post(user_path(people, state, "/revocation"))
        assert state_of(story, people[state]) == Membership.REVOKED
    with story.app.app_context(), team_scope(story.team):
        users = session.scalars(select(PortalUser).where(PortalUser.state == "revoked")).all()
        assert {user.password_hash for user in users} == {None}


def test_somebody_revoked_can_be_invited_again(client, story, people, empty_queue):
    client.post(user_path(people, "revoked", "/invitation"))
    assert state_of(story, people["revoked"]) == Membership.INVITED


def test_a_new_invitation_makes_the_old_link_useless(client, story, people):
    with story.app.app_context(), team_scope(story.team), transaction():
        user = new_member(make_account(), state=Membership.INVITED)
        token, user_id = new_invitation(user), user.id
    client.post(f"/portal-users/{encode_public_id('ptu', user_id)}/invitation")
    assert Browser(story.app).get(f"/{story.team.slug}/portal/invitations/{token}").status_code == 404


def test_the_link_that_is_copied_works_and_is_shown_once(client, story, people):
    response = client.post(user_path(people, "invited", "/invitation/link"))
    link = re.search(r'value="https?://[^/]+(/[^"]+/invitations/[^"]+)"', response.text)[1]
    assert response.headers["Cache-Control"] == "no-store"
    assert Browser(story.app).get(link).status_code == 200
    assert link not in client.get(user_path(people, "invited")).text


@pytest.mark.parametrize(
    ("state", "step"),
    [("active", "/reactivation"), ("active", "/invitation"), ("active", "/invitation/link"), ("revoked", "/suspension"),
     ("revoked", "/revocation"), ("suspended", "/invitation"), ("suspended", "/suspension")],
)  # fmt: skip
def test_a_step_that_does_not_fit_is_refused_in_words(client, story, people, state, step):
    response = client.post(user_path(people, state, step))
    assert response.status_code == 303
    assert state_of(story, people[state]) == state
    assert "is-error" in client.get("/portal-users").text


def test_deleting_keeps_the_contact_and_what_happened(client, story, people):
    path = f"/contacts/{encode_public_id('con', people['contact'])}"
    client.post(f"{path}/portal-invitation")
    with story.app.app_context(), team_scope(story.team):
        user_id = session.scalars(select(PortalUser.id).where(PortalUser.email == "carla@acme.example")).one()
    client.post(f"/portal-users/{encode_public_id('ptu', user_id)}/deletion")
    assert state_of(story, user_id) is None
    assert "Portal user Carla Contact deleted" in client.get(path).text


def test_accounts_are_added_and_removed_but_for_the_last(client, story, people):
    with story.app.app_context(), team_scope(story.team), transaction():
        other = make_account("Second Ltd").id
    client.post(user_path(people, "active", "/accesses"), data={"account_id": str(other)})
    assert "Second Ltd" in client.get(user_path(people, "active")).text
    for account in (people["account"], other):
        client.post(user_path(people, "active", f"/accesses/{encode_public_id('acc', account)}/removal"))
    page = client.get(user_path(people, "active")).text
    assert "This is their only account" in page
    assert "Second Ltd" in page


@pytest.mark.parametrize("role", ["rep", "manager"])
def test_only_those_who_look_after_the_portal_come_in(story, people, role):
    browser = story.sign_in(role)
    assert browser.get("/portal-users").status_code == 403
    for step in ("/suspension", "/revocation", "/deletion", "/invitation"):
        assert browser.post(user_path(people, "active", step)).status_code == 403
    assert state_of(story, people["active"]) == Membership.ACTIVE
    assert "/portal-users" not in browser.get("/").text


def test_an_admin_looks_after_the_portal(story, people):
    assert story.sign_in("admin").get("/portal-users").status_code == 200


def test_without_the_feature_people_stay_readable_and_nothing_can_be_done(client, story, people):
    with story.app.app_context(), team_scope(story.team), transaction():
        assign_plan("free_v1", end_trial=True)
    page = client.get("/portal-users")
    assert page.status_code == 200
    assert "is not in your plan" in page.text
    assert "Invite person" not in page.text
    assert client.post(user_path(people, "active", "/suspension")).status_code == 402
    assert state_of(story, people["active"]) == Membership.ACTIVE
