"""Tickets into a team: once, for a minute, for one team; and cookies that stay where they are."""

from __future__ import annotations

import threading
from datetime import timedelta
from uuid import uuid4

import pytest

from cornerspot.kit import clock
from cornerspot.people.handing_off import issue_ticket
from cornerspot.tenancy import system_scope
from tests.factories.people import PASSWORD, Browser, add_membership, give_password
from tests.factories.teams import open_story


def ticket_for(story, *, team=None) -> str:
    from cornerspot.db.transaction import transaction

    with story.app.app_context(), system_scope("a test hands off"), transaction():
        return issue_ticket(story.owner.person_id, team_id=(team or story).team.id, browser_id=uuid4())


def enter(browser: Browser, story, ticket: str, **options):
    return browser.get(f"/{story.team.slug}/enter?ticket={ticket}", **options)


def test_a_ticket_opens_the_team(app, story):
    browser = Browser(app)
    answer = enter(browser, story, ticket_for(story))
    assert (answer.status_code, answer.location) == (302, f"/{story.team.slug}/")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert browser.get(answer.location).status_code == 200


def test_a_ticket_works_once(app, story):
    ticket = ticket_for(story)
    assert enter(Browser(app), story, ticket).status_code == 302
    again = enter(Browser(app), story, ticket)
    assert again.status_code == 410
    assert "works no longer" in again.text


def test_of_two_who_bring_one_ticket_one_gets_in(app, story):
    ticket = ticket_for(story)
    start, statuses = threading.Barrier(6), []

    def go() -> None:
        browser = Browser(app)
        start.wait()
        statuses.append(enter(browser, story, ticket).status_code)

    threads = [threading.Thread(target=go) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [302] + [410] * 5


def test_a_ticket_lives_for_a_minute(app, story):
    ticket = ticket_for(story)
    with clock.moved_to(clock.now() + timedelta(seconds=61)):
        assert enter(Browser(app), story, ticket).status_code == 410


@pytest.mark.parametrize("ticket", ["", "forged", "x" * 5000, "%00", "😀"])
def test_a_forged_ticket_is_a_page_that_helps(app, story, ticket):
    page = enter(Browser(app), story, ticket)
    assert page.status_code == 410
    assert "Sign in to" in page.text


def test_a_ticket_of_another_team_opens_nothing(app, story):
    other = open_story(app)
    ticket = ticket_for(story, team=other)
    assert enter(Browser(app), story, ticket).status_code == 410
    assert enter(Browser(app), other, ticket).status_code == 410  # The owner is no teammate there.


def test_another_site_cannot_sign_a_browser_in(app, story):
    answer = enter(Browser(app), story, ticket_for(story), headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 410


def test_a_cookie_of_one_team_is_worth_nothing_in_another(app, story):
    """Even when the same person belongs to both."""
    other = open_story(app)
    add_membership(other, story.owner.person_id, "rep")
    browser = Browser(app)
    enter(browser, story, ticket_for(story))
    value = browser.cookie("cornerspot_team", f"/{story.team.slug}/")
    assert value
    browser.client.set_cookie("cornerspot_team", value, path=f"/{other.team.slug}/")
    assert browser.get(f"/{other.team.slug}/").status_code == 302
    browser.client.set_cookie("cornerspot", value, path="/")
    assert browser.get("/teams").status_code == 302


def test_the_cookie_is_not_sent_to_another_team(app, story):
    browser = Browser(app)
    answer = enter(browser, story, ticket_for(story))
    cookies = [cookie for cookie in answer.headers.getlist("Set-Cookie") if cookie.startswith("cornerspot_team=")]
    assert all(f"Path=/{story.team.slug}/" in cookie and "HttpOnly" in cookie for cookie in cookies)
    assert cookies


def test_switching_from_inside_a_team(app, story):
    other = open_story(app, name="Second home")
    add_membership(other, story.owner.person_id, "admin")
    browser = Browser(app)
    enter(browser, story, ticket_for(story))
    path = f"/{story.team.slug}/teams"
    assert "Second home" in browser.get(path).text
    arrived = browser.follow(browser.submit(path, to=f"{path}/{other.team.slug}/entry"))
    assert arrived.request.path == f"/{other.team.slug}/"


def test_nobody_switches_to_a_team_that_is_not_theirs(app, story):
    other = open_story(app)
    browser = Browser(app)
    enter(browser, story, ticket_for(story))
    path = f"/{story.team.slug}/teams"
    for slug in (other.team.slug, "there-is-none", "x" * 300):
        assert browser.submit(f"/{story.team.slug}/settings/profile", to=f"{path}/{slug}/entry").status_code == 404


def test_a_deactivated_teammate_is_signed_out_at_once(app, story):
    email = give_password(story, "rep")
    browser = Browser(app)
    path = f"/{story.team.slug}/"
    browser.submit(f"{path}sign-in", email=email, password=PASSWORD)
    assert browser.get(path).status_code == 200
    from cornerspot.db import session
    from cornerspot.db.transaction import transaction
    from cornerspot.people.models import Membership
    from cornerspot.people.teammates import deactivate_teammate
    from cornerspot.tenancy import team_scope

    with app.app_context(), team_scope(story.team), transaction():
        membership = session.get_one(Membership, (story.team.id, story.actors["rep"].id))
        deactivate_teammate(membership, by=story.owner)
    assert browser.get(path).status_code == 302
    assert browser.submit(f"{path}sign-in", email=email, password=PASSWORD).status_code == 422
