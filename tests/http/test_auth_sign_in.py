"""Signing in: the right password, the wrong one, strangers, waits, and where it leads."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest
from sqlalchemy import func, select

from cornerspot.db import session
from cornerspot.kit import clock
from cornerspot.people.models import Person, SignIn, SignInFailure
from cornerspot.people.passwords import is_outdated
from cornerspot.people.sessions import LASTS as SIGN_IN_LASTS
from cornerspot.tenancy import system_scope
from tests.factories.people import PASSWORD, Browser, add_membership, add_person, give_password
from tests.factories.teams import open_story


@pytest.fixture
def owner_email(story) -> str:
    """The address of the story's owner, who has a password."""
    return give_password(story, "owner")


def sign_in_path(story) -> str:
    return f"/{story.team.slug}/sign-in"


def test_the_right_password_opens_the_team(app, story, owner_email):
    browser = Browser(app)
    page = browser.submit(sign_in_path(story), email=owner_email.upper(), password=PASSWORD)
    assert (page.status_code, page.location) == (302, f"/{story.team.slug}/")
    assert browser.get(page.location).status_code == 200


def test_the_only_team_opens_at_once_from_the_common_sign_in(app, story, owner_email):
    browser = Browser(app)
    page = browser.follow(browser.submit("/sign-in", email=owner_email, password=PASSWORD))
    assert page.status_code == 200
    assert page.request.path == f"/{story.team.slug}/"


def test_somebody_with_two_teams_chooses(app, story, owner_email):
    other = open_story(app, name="The other one")
    with app.app_context(), system_scope("a test looks"):
        person_id = session.scalar(select(Person.id).where(Person.email == owner_email))
    add_membership(other, person_id, "rep")
    browser = Browser(app)
    page = browser.follow(browser.submit("/sign-in", email=owner_email, password=PASSWORD))
    assert page.request.path == "/teams"
    assert "The other one" in page.text
    entered = browser.follow(browser.submit("/teams", to=f"/teams/{other.team.slug}/entry"))
    assert entered.request.path == f"/{other.team.slug}/"
    assert entered.status_code == 200


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(app, story, owner_email):
    answers = []
    for email in (owner_email, "nobody-at-all@example.com"):
        page = Browser(app).submit(sign_in_path(story), email=email, password="a wrong password")
        answers.append((page.status_code, page.text.count("do not belong together"), PASSWORD in page.text))
    assert answers == [(422, 1, False)] * 2


def test_an_unknown_address_costs_a_hash_too(app, story, owner_email, monkeypatch):
    """Equal time is asserted by equal work: a clock would make this test a lottery."""
    from cornerspot.people import signing_in

    hashed = []
    real = signing_in.is_password
    monkeypatch.setattr(signing_in, "is_password", lambda stored, typed: hashed.append(1) or real(stored, typed))
    for email in (owner_email, "nobody-at-all-2@example.com"):
        Browser(app).submit("/sign-in", email=email, password="a wrong password")
    assert len(hashed) == 2


@pytest.mark.parametrize("is_known", [True, False])
def test_five_failures_ask_for_a_wait_whoever_it_is(app, story, owner_email, is_known):
    email = owner_email if is_known else f"unknown-{story.team.slug}@example.com"
    browser = Browser(app)
    statuses = [browser.submit("/sign-in", email=email, password="wrong wrong wrong").status_code for _ in range(5)]
    assert statuses == [422, 422, 422, 422, 429]
    page = browser.submit("/sign-in", email=email, password=PASSWORD)
    assert page.status_code == 429
    assert "Wait 1 minute" in page.text


def test_waits_grow_and_end(app, story, owner_email):
    browser = Browser(app)
    now = clock.now()
    for _ in range(5):
        browser.submit("/sign-in", email=owner_email, password="wrong wrong wrong")
    with clock.moved_to(now + timedelta(minutes=2)):
        page = browser.submit("/sign-in", email=owner_email, password="wrong wrong wrong")
        assert "Wait 2 minutes" in page.text
    with clock.moved_to(now + timedelta(minutes=5)):
        page = browser.submit("/sign-in", email=owner_email, password=PASSWORD)
        assert page.status_code == 302
    with app.app_context(), system_scope("a test looks"):
        assert session.scalar(select(func.count()).select_from(SignInFailure).where(SignInFailure.failures > 5)) == 0


def test_guesses_at_once_are_counted_one_by_one(app, story, owner_email):
    pages: list[int] = []
    start = threading.Barrier(8)

    def guess() -> None:
        browser = Browser(app)
        browser.get("/sign-in")
        start.wait()
        pages.append(browser.submit("/sign-in", email=owner_email, password="wrong wrong wrong").status_code)

    threads = [threading.Thread(target=guess) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(pages) == [422] * 4 + [429] * 4


def test_a_stranger_to_the_team_is_told_so_only_with_the_right_password(app, story):
    email = add_person(app)
    right = Browser(app).submit(sign_in_path(story), email=email, password=PASSWORD)
    assert right.status_code == 422
    assert "not a teammate" in right.text
    wrong = Browser(app).submit(sign_in_path(story), email=email, password="a wrong password")
    assert "not a teammate" not in wrong.text


def test_a_session_from_before_is_not_kept(app, story, owner_email):
    browser = Browser(app)
    browser.get(sign_in_path(story))
    path = f"/{story.team.slug}/"
    before = browser.cookie("cornerspot_team", path)
    browser.submit(sign_in_path(story), email=owner_email, password=PASSWORD)
    assert browser.cookie("cornerspot_team", path) != before
    browser.client.set_cookie("cornerspot_team", before, path=path)
    assert browser.get(path).status_code == 302


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example/",
        "https://evil.example/",
        "/\\evil.example",
        "/../other-team/",
        "/%2e%2e/other-team/",
        "/..%5cother",
        "javascript:alert(1)",
        "/\tevil",
        "/" + "a" * 3000,
        "/a\r\nSet-Cookie: x=1",
    ],
)
def test_sign_in_leads_nowhere_else(app, story, owner_email, target):
    browser = Browser(app)
    browser.get(sign_in_path(story))
    page = browser.submit(sign_in_path(story), email=owner_email, password=PASSWORD, query={"next": target})
    assert (page.status_code, page.location) == (302, f"/{story.team.slug}/")


def test_sign_in_leads_back_to_the_page_that_was_asked_for(app, story, owner_email):
    browser = Browser(app)
    asked = browser.get(f"/{story.team.slug}/settings/teammates?from=mail")
    assert asked.status_code == 302
    page = browser.submit(asked.location, email=owner_email, password=PASSWORD)
    assert page.location == f"/{story.team.slug}/settings/teammates?from=mail"


@pytest.mark.parametrize(
    "typed",
    [
        {"email": "", "password": ""},
        {"email": "x" * 5000, "password": "y" * 50_000},
        {"email": "<script>alert(1)</script>", "password": "<b>"},
        {"email": "😀@😀", "password": "😀" * 10},
        {"email": "a\x00b@example.com", "password": "\x00"},
        {"email": "\ud800", "password": "\udfff"},
        {},
    ],
)
def test_whatever_is_typed_gets_an_answer(app, story, typed):
    typed = {name: value.encode("utf-8", "replace").decode() for name, value in typed.items()}
    page = Browser(app).submit(sign_in_path(story), **typed)
    assert page.status_code == 422
    assert "<script>alert" not in page.text


def test_signing_out_ends_the_row_not_only_the_cookie(app, story, owner_email):
    browser = Browser(app)
    browser.follow(browser.submit(sign_in_path(story), email=owner_email, password=PASSWORD))
    path = f"/{story.team.slug}/"
    stolen = browser.cookie("cornerspot_team", path)
    browser.submit(f"{path}settings/profile", to=f"{path}sign-out")
    assert browser.get(path).status_code == 302
    browser.client.set_cookie("cornerspot_team", stolen, path=path)
    assert browser.get(path).status_code == 302


def test_signing_out_of_a_team_signs_out_of_the_installation_too(app, story, owner_email):
    browser = Browser(app)
    browser.follow(browser.submit("/sign-in", email=owner_email, password=PASSWORD))
    assert browser.get("/teams").status_code == 200
    path = f"/{story.team.slug}/"
    browser.submit(f"{path}settings/profile", to=f"{path}sign-out")
    assert browser.get("/teams").status_code == 302


def test_an_old_hash_is_made_anew_at_sign_in(app, story, owner_email):
    from argon2 import PasswordHasher

    with app.app_context(), system_scope("a test sets an old hash"):
        person = session.scalars(select(Person).where(Person.email == owner_email)).one()
        person.password_hash = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
        session.commit()
    Browser(app).submit("/sign-in", email=owner_email, password=PASSWORD)
    with app.app_context(), system_scope("a test looks"):
        stored = session.scalar(select(Person.password_hash).where(Person.email == owner_email))
        assert not is_outdated(stored)


def test_the_token_is_stored_nowhere(app, story, owner_email):
    browser = Browser(app)
    browser.follow(browser.submit("/sign-in", email=owner_email, password=PASSWORD))
    with app.app_context(), system_scope("a test looks"):
        digests = session.scalars(select(SignIn.token_digest)).all()
    with browser.client.session_transaction("/") as kept:
        token = kept["_user_id"]
    assert token not in digests


def test_whoever_changes_something_was_seen_and_reading_writes_nothing(app, story, client):
    seen = _last_seen(app, story)
    later = clock.now() + timedelta(minutes=11)
    with clock.moved_to(later):
        _rename(client, "Ada Lovelace", before_posting=lambda: _last_seen(app, story) == seen)
    assert _last_seen(app, story) == later
    with clock.moved_to(later + timedelta(minutes=9)):
        _rename(client, "Ada King")
    assert _last_seen(app, story) == later


def _rename(client, name, *, before_posting=lambda: True):
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/settings/profile").text)[1]
    assert before_posting()
    assert client.post("/settings/profile", data={"name": name, "csrf_token": token}).status_code == 302


def _last_seen(app, story):
    with app.app_context(), system_scope("a test"):
        return session.scalars(select(SignIn.last_seen_at).where(SignIn.person_id == story.owner.person_id)).one()


def test_what_a_page_asks_while_it_is_left_takes_no_toast_with_it(app, story, owner_email):
    """Its answer comes after the next page's, and a cookie in it would bring back the session from before."""
    browser = Browser(app)
    browser.submit(sign_in_path(story), email=owner_email, password=PASSWORD)
    profile = f"/{story.team.slug}/settings/profile"
    browser.get(profile)
    stale = browser.cookie("cornerspot_team", path=f"/{story.team.slug}/")
    saved = browser.submit(profile, name="Tess Tester")
    late = Browser(app)
    late.client.set_cookie("cornerspot_team", stale, path=f"/{story.team.slug}/")
    asked = late.get(f"/{story.team.slug}/")
    assert (asked.status_code, asked.headers.getlist("Set-Cookie")) == (200, [])
    assert "Profile saved." in browser.get(saved.location).text


def test_the_cookie_lasts_as_long_as_the_sign_in(app, story, owner_email):
    page = Browser(app).submit(sign_in_path(story), email=owner_email, password=PASSWORD)
    [cookie] = page.headers.getlist("Set-Cookie")
    ends_at = parsedate_to_datetime(re.search("Expires=([^;]+)", cookie)[1])
    assert abs(ends_at - clock.now() - SIGN_IN_LASTS) < timedelta(minutes=1)
