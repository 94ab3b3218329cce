"""Opening a team: everything at once or nothing, and a clear word at the field."""

from __future__ import annotations

import itertools
import os

import pytest
from sqlalchemy import func, select

from cornerspot.db import session
from cornerspot.people.models import Person
from cornerspot.plans.models import TeamPlan
from cornerspot.tenancy import system_scope, team_scope
from cornerspot.tenancy.models import Team
from tests.factories.people import PASSWORD, Browser, add_person

_counter = itertools.count(1)


def fields(**changes: str) -> dict[str, str]:
    number = f"{os.getpid()}-{next(_counter)}"
    return {
        "name": "Prairie Robotics",
        "slug": f"prairie-{number}",
        "currency": "USD",
        "country": "US",
        "time_zone": "America/Chicago",
        "person_name": "Joan Fields",
        "email": f"joan-{number}@example.com",
        "password": "one good long phrase",
        **changes,
    }


def counts(app) -> tuple[int | None, int | None]:
    with app.app_context(), system_scope("a test counts"):
        return (
            session.scalar(select(func.count()).select_from(Team)),
            session.scalar(select(func.count()).select_from(Person)),
        )


def test_a_newcomer_opens_a_team_and_is_in_it(app):
    browser, typed = Browser(app), fields()
    page = browser.follow(browser.submit("/sign-up", **typed))
    assert (page.status_code, page.request.path) == (200, f"/{typed['slug']}/")
    assert "Hello, Joan" in page.text
    assert "trial of the Growth plan" in page.text
    with app.app_context(), system_scope("a test looks"):
        team_id = session.scalar(select(Team.id).where(Team.slug == typed["slug"]))
    with app.app_context(), team_scope(team_id) as team:
        assert (team.currency, team.time_zone, team.country) == ("USD", "America/Chicago", "US")
        assert session.scalars(select(TeamPlan)).one().trial_plan_key is not None


def test_a_person_opens_a_second_team_without_typing_themselves_again(app):
    email = add_person(app)
    browser = Browser(app)
    arrived = browser.follow(browser.submit("/sign-in", email=email, password=PASSWORD))
    assert "No team yet" in arrived.text
    typed = {name: value for name, value in fields().items() if name not in ("person_name", "email", "password")}
    page = browser.follow(browser.submit("/sign-up", **typed))
    assert page.request.path == f"/{typed['slug']}/"


def test_an_address_that_has_a_sign_in_signs_in_first(app):
    email = add_person(app)
    before = counts(app)
    page = Browser(app).submit("/sign-up", **fields(email=email))
    assert page.status_code == 422
    assert "Sign in first" in page.text
    assert counts(app) == before


def test_a_taken_slug_leaves_nothing_behind(app, story):
    before = counts(app)
    page = Browser(app).submit("/sign-up", **fields(slug=story.team.slug))
    assert page.status_code == 422
    assert "This address is taken" in page.text
    assert "one good long phrase" not in page.text
    assert 'value="Joan Fields"' in page.text
    assert counts(app) == before


@pytest.mark.parametrize(
    ("field", "value", "word"),
    [
        ("name", "", "Enter the name of your company"),
        ("name", "x" * 500, "Use up to 120 characters"),
        ("name", "a\x00b", "invisible control characters"),
        ("slug", "ab", "Use 3 to 63 characters"),
        ("slug", "-bad-", "letters a to z"),
        ("slug", "bücher", "letters a to z"),
        ("slug", "sign-up", "reserved"),
        ("slug", "../etc", "letters a to z"),
        ("currency", "EURO", "Choose a currency"),
        ("currency", "", "Choose a currency"),
        ("country", "Germany", "Choose a country"),
        ("time_zone", "Mars/Phobos", "Choose a time zone"),
        ("person_name", "   ", "Enter your name"),
        ("email", "no-address", "such as anna@example.com"),
        ("password", "short", "10 characters or more"),
        ("password", "qwertyuiop", "Many people use this"),
        ("password", "prairie-robotics", "Leave your name"),
    ],
)
def test_bad_input_is_refused_at_its_field(app, field, value, word):
    page = Browser(app).submit("/sign-up", **fields(**{field: value}))
    assert page.status_code == 422
    assert word in page.text
    assert "one good long phrase" not in page.text


def test_an_empty_form_and_a_stuffed_one_are_answered(app):
    assert Browser(app).submit("/sign-up").status_code == 422
    stuffed = dict.fromkeys(fields(), "<img src=x onerror=alert(1)>" * 500)
    page = Browser(app).submit("/sign-up", **stuffed)
    assert page.status_code == 422
    assert "<img src=x" not in page.text


@pytest.mark.parametrize(
    ("asked", "slug", "is_free"),
    [
        ({"name": "Café Zürich GmbH"}, "cafe-zurich-gmbh", True),
        ({"slug": "admin"}, "admin", False),
        ({"slug": "x"}, "x", False),
        ({}, "team", False),
    ],
)
def test_an_address_is_suggested_while_typing(app, asked, slug, is_free):
    answer = app.test_client().get("/sign-up/address", query_string=asked)
    assert (answer.json["slug"], answer.json["is_free"]) == (slug, is_free)


def test_the_first_page_of_the_installation_leads_in(app):
    page = app.test_client().get("/")
    assert page.status_code == 200
    assert "/sign-up" in page.text
    assert "/sign-in" in page.text
