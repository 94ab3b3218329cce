"""Coming into the portal: by invitation, by password, by link; and staying out."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from cornerspot.db import session
from cornerspot.db.transaction import transaction
from cornerspot.jobs.worker import run_pending
from cornerspot.kit import clock
from cornerspot.mail.models import OutgoingMessage
from cornerspot.plans.assigning import assign_plan
from cornerspot.portal.models import Membership, PortalSignIn, PortalUser
from cornerspot.tenancy import team_scope
from cornerspot.tenancy.hosts import add_verified_host
from tests.factories.crm import make_account
from tests.factories.people import PASSWORD, Browser
from tests.factories.portal import member_browser, new_invitation, new_member
from tests.factories.teams import Story, open_story

WRONG = "do not belong together"


@pytest.fixture
def member(story: Story):
    """An active member of the story's portal with one account: (e-mail, id, account id)."""
    with story.app.app_context(), team_scope(story.team), transaction():
        account = make_account("Acme GmbH")
        user = new_member(account, name="Mona Member")
        return user.email, user.id, account.id


@pytest.fixture
def browser(app):
    return Browser(app)


def portal(story: Story, path: str = "/") -> str:
    return f"/{story.team.slug}/portal{path}"


def sign_in(browser: Browser, story: Story, email: str, password: str = PASSWORD, **options):
    return browser.submit(portal(story, "/sign-in"), email=email, password=password, **options)


def link_in_mail(story: Story, purpose: str) -> str:
    run_pending(story.app)
    with story.app.app_context(), team_scope(story.team):
        message = session.scalars(
            select(OutgoingMessage).where(OutgoingMessage.purpose == purpose).order_by(OutgoingMessage.id.desc())
        ).first()
        assert message is not None
        return re.search(r"https?://[^/]+(\S+)", message.text_body)[1]


def test_a_member_signs_in_by_password_and_reaches_the_only_account(story, member, browser):
    response = sign_in(browser, story, member[0])
    assert response.status_code == 303
    page = browser.follow(response)
    assert page.status_code == 200
    assert "Acme GmbH" in page.text
    assert browser.cookie("cornerspot_portal", portal(story, "")) is not None


def test_signing_in_leads_to_the_page_that_was_asked_for(story, member, browser):
    asked = browser.get(portal(story, "/sign-ins"))
    assert asked.status_code == 302
    response = browser.submit(asked.location, email=member[0], password=PASSWORD)
    assert response.location.endswith("/portal/sign-ins")


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/portal/", "/deals", "/portal/../deals"])
def test_signing_in_leads_nowhere_but_into_the_portal(story, member, browser, target):
    response = sign_in(browser, story, member[0], query={"next": target})
    assert response.location.endswith(portal(story))


@pytest.mark.parametrize("state", [Membership.INVITED, Membership.SUSPENDED, Membership.REVOKED])
def test_who_is_not_active_is_answered_like_nobody(story, browser, state):
    with story.app.app_context(), team_scope(story.team), transaction():
        email = new_member(make_account(), state=state).email
    known, unknown = sign_in(browser, story, email), sign_in(browser, story, "nobody@example.com")
    assert (known.status_code, unknown.status_code) == (422, 422)
    assert WRONG in known.text
    assert WRONG in unknown.text


@pytest.mark.parametrize("known", [True, False])
def test_failing_too_often_locks_the_address_out_even_from_the_right_password(story, member, browser, known):
    email = member[0] if known else f"nobody-{story.team.slug}@example.com"
    answers = [sign_in(browser, story, email, "not this one") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [422, 422, 422, 422, 429]
    assert sign_in(browser, story, email).status_code == 429
    with clock.moved_to(clock.now() + timedelta(minutes=2)):
        assert sign_in(browser, story, email).status_code == (303 if known else 429)


def test_a_lock_out_in_one_team_is_none_in_another(story, member, browser, app):
    other = open_story(app)
    with app.app_context(), team_scope(other.team), transaction():
        new_member(make_account(), email=member[0])
    for _ in range(5):
        sign_in(browser, story, member[0], "not this one")
    assert sign_in(browser, other, member[0]).status_code == 303


def test_a_link_by_mail_signs_in_once_and_not_by_being_looked_at(story, member, browser, empty_queue):
    asked = browser.submit(portal(story, "/sign-in/links"), email=member[0])
    assert "a link is on its way" in asked.text
    link = link_in_mail(story, "portal_sign_in")
    assert browser.get(link).status_code == 200  # A program that looks into mail did this before.
    first = browser.submit(link)
    assert first.status_code == 303
    assert browser.follow(first).status_code == 200
    again = Browser(story.app)
    assert again.get(link).status_code == 410


def test_a_link_is_good_for_fifteen_minutes(story, member, browser, empty_queue):
    browser.submit(portal(story, "/sign-in/links"), email=member[0])
    link = link_in_mail(story, "portal_sign_in")
    with clock.moved_to(clock.now() + timedelta(minutes=16)):
        assert browser.get(link).status_code == 410


def test_asking_for_a_link_says_the_same_for_everybody_and_writes_to_members_only(story, browser, empty_queue):
    email = f"nobody-{story.team.slug}@example.com"
    known = browser.submit(portal(story, "/sign-in/links"), email=email)
    assert "a link is on its way" in known.text
    run_pending(story.app)
    with story.app.app_context(), team_scope(story.team):
        assert session.scalars(select(OutgoingMessage)).all() == []


def test_a_new_password_signs_everybody_else_out(story, member, browser, empty_queue):
    elsewhere = member_browser(story, member[1])
    assert elsewhere.get("/portal/sign-ins").status_code == 200
    browser.submit(portal(story, "/password/reset"), email=member[0])
    link = link_in_mail(story, "portal_password_reset")
    assert browser.submit(link, password="short").status_code == 422
    done = browser.submit(link, password="a brand new phrase")
    assert done.status_code == 303
    assert elsewhere.get("/portal/sign-ins").status_code == 302
    assert browser.get(link).status_code == 410
    assert sign_in(browser, story, member[0]).status_code == 422
    assert sign_in(browser, story, member[0], "a brand new phrase").status_code == 303


def test_an_invitation_sets_a_password_and_opens_the_portal(story, browser):
    with story.app.app_context(), team_scope(story.team), transaction():
        user = new_member(make_account("Acme GmbH"), state=Membership.INVITED)
        link, email = portal(story, f"/invitations/{new_invitation(user)}"), user.email
    page = browser.get(link)
    assert email in page.text
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert browser.submit(link, name="Mona", password="tooshort").status_code == 422
    response = browser.submit(link, name="Mona", password="a quiet harbour wall")
    assert response.status_code == 303
    assert "Acme GmbH" in browser.follow(response).text
    assert Browser(story.app).get(link).status_code == 410
    assert sign_in(Browser(story.app), story, email, "a quiet harbour wall").status_code == 303


def test_an_invitation_ends_after_two_weeks(story, browser):
    with story.app.app_context(), team_scope(story.team), transaction():
        link = portal(story, f"/invitations/{new_invitation(new_member(make_account(), state=Membership.INVITED))}")
    with clock.moved_to(clock.now() + timedelta(days=15)):
        assert browser.get(link).status_code == 410


def test_the_staffs_cookie_proves_nothing_in_the_portal_and_the_members_nothing_outside(story, member, client):
    assert client.get("/portal/").status_code == 302
    visitor = member_browser(story, member[1])
    assert visitor.get("/portal/").status_code == 200
    assert visitor.get("/deals").status_code == 302
    inside = visitor.get_cookie("cornerspot_portal", path=f"/{story.team.slug}/portal").value
    visitor.set_cookie("cornerspot_team", inside, path=f"/{story.team.slug}/")
    assert visitor.get("/deals").status_code == 302
    staffs = client.get_cookie("cornerspot_team", path=f"/{story.team.slug}/").value
    client.set_cookie("cornerspot_portal", staffs, path=f"/{story.team.slug}/portal")
    assert client.get("/portal/").status_code == 302


def test_a_members_cookie_means_nothing_in_another_teams_portal(story, member, app):
    other = open_story(app)
    visitor = member_browser(story, member[1])
    inside = visitor.get_cookie("cornerspot_portal", path=f"/{story.team.slug}/portal").value
    visitor.set_cookie("cornerspot_portal", inside, path=f"/{other.team.slug}/portal")
    visitor.prefix = f"/{other.team.slug}"
    assert visitor.get("/portal/").status_code == 302


def test_forms_of_the_portal_need_the_token_of_their_page(story, member):
    visitor = member_browser(story, member[1])
    assert visitor.post("/portal/sign-out").status_code == 400
    token = re.search(r'name="csrf_token" value="([^"]+)"', visitor.get("/portal/").text)[1]
    assert visitor.post("/portal/sign-out", data={"csrf_token": token}).status_code == 303
    assert visitor.get("/portal/").status_code == 302


def test_a_member_with_several_accounts_chooses_one_and_may_change(story):
    with story.app.app_context(), team_scope(story.team), transaction():
        first, second, foreign = make_account("First Ltd"), make_account("Second Ltd"), make_account("Third Ltd")
        user_id = new_member(first, second).id
        ids = first.id, second.id, foreign.id
    visitor = member_browser(story, user_id)
    asked = visitor.get("/portal/sign-ins")
    assert asked.status_code == 302
    page = visitor.get(asked.location)
    assert "First Ltd" in page.text
    assert "Third Ltd" not in page.text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]
    choices = re.findall(r'action="([^"]+/choice[^"]*)"', page.text)
    chosen = visitor.post(choices[-1].replace("&amp;", "&"), data={"csrf_token": token})
    assert chosen.location.endswith("/portal/sign-ins")
    with story.app.app_context(), team_scope(story.team):
        assert session.scalars(select(PortalSignIn.chosen_account_id)).one() == ids[1]


def test_an_account_that_is_taken_away_is_gone_at_the_next_request(story, member):
    visitor = member_browser(story, member[1], account_id=member[2])
    assert visitor.get("/portal/").status_code == 200
    with story.app.app_context(), team_scope(story.team), transaction():
        user = session.get_one(PortalUser, (story.team.id, member[1]))
        from cornerspot.crm.models import Account
        from cornerspot.people.actors import SYSTEM
        from cornerspot.portal.access import withdraw_access

        withdraw_access(user, session.get_one(Account, (story.team.id, member[2])), by=SYSTEM)
    response = visitor.get("/portal/")
    assert response.location.endswith("/portal/accounts?next=/portal/")
    assert "Nothing is open to you yet" in visitor.get("/portal/accounts").text


def test_a_suspended_member_is_out_at_the_next_request(story, member):
    visitor = member_browser(story, member[1])
    with story.app.app_context(), team_scope(story.team), transaction():
        session.get_one(PortalUser, (story.team.id, member[1])).suspend()
    assert visitor.get("/portal/").status_code == 302


def test_without_the_feature_the_portal_says_so_politely_and_keeps_its_records(story, member, browser):
    visitor = member_browser(story, member[1])
    with story.app.app_context(), team_scope(story.team), transaction():
        assign_plan("free_v1", end_trial=True)
    for response in (visitor.get("/portal/"), browser.get(portal(story, "/sign-in"))):
        assert response.status_code == 402
        assert "closed at the moment" in response.text
        assert "plan" not in re.sub(r"<[^>]+>", "", response.text)
    with story.app.app_context(), team_scope(story.team):
        assert session.scalars(select(PortalUser)).one().state == Membership.ACTIVE


def test_a_host_of_the_teams_own_opens_on_the_portal(story, member, browser):
    host = f"pay-{story.team.slug}.example.com"
    with story.app.app_context(), team_scope(story.team), transaction():
        assign_plan("scale_v1")
        add_verified_host(host)
    assert browser.get("/", base_url=f"http://{host}").location == "/portal/"
    assert browser.get("/deals", base_url=f"http://{host}").location.startswith("/sign-in")
    assert browser.get("/portal/", base_url=f"http://{host}").location.startswith("/portal/sign-in")


def test_the_other_browsers_can_be_signed_out(story, member):
    here, there = member_browser(story, member[1]), member_browser(story, member[1])
    page = here.get("/portal/sign-ins")
    assert page.text.count("Sign out</span></button>") >= 2
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]
    assert here.post("/portal/sign-ins/endings", data={"csrf_token": token}).status_code == 303
    assert here.get("/portal/").status_code == 200
    assert there.get("/portal/").status_code == 302


def test_the_stylesheet_holds_the_teams_accent_in_readable_shades(story, browser):
    response = browser.get(portal(story, "/theme.css"))
    assert response.headers["Content-Type"].startswith("text/css")
    assert "--accent: #3650df" in response.text
