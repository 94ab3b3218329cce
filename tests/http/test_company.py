"""Settings → Company: saving, refusing, keeping what was typed, two admins at once."""

from __future__ import annotations

import re

import pytest

from cornerspot.db import session
from cornerspot.tenancy import team_scope
from cornerspot.tenancy.models import Team

PATH = "/settings/company"
GOOD = {
    "name": "Nordlicht GmbH",
    "legal_name": "Nordlicht Gesellschaft mbH",
    "street": "Hafenstraße 1\n2. Stock",
    "postal_code": "20457",
    "city": "Hamburg",
    "region": "",
    "country": "DE",
    "tax_id": "DE136695976",
    "email": "Rechnung@nordlicht.example",
    "time_zone": "Europe/Berlin",
    "currency": "EUR",
    "locale": "de",
}


def send(client, **changes):
    page = client.get(PATH).text
    hidden = {name: re.search(rf'name="{name}"[^>]* value="([^"]*)"', page)[1] for name in ("csrf_token", "version")}
    return client.post(PATH, data={**hidden, **GOOD, **changes})


def stored(app, story) -> Team:
    with app.app_context(), team_scope(story.team):
        return session.get_one(Team, story.team.id)


def test_saving_changes_the_team(app, story, client):
    assert send(client).status_code == 302
    team = stored(app, story)
    assert (team.name, team.city, team.email, team.version) == (
        "Nordlicht GmbH",
        "Hamburg",
        "rechnung@nordlicht.example",
        2,
    )
    assert "Nordlicht GmbH" in client.get(PATH).text


def test_an_odd_tax_id_is_a_warning_not_a_refusal(app, story, client):
    assert send(client, tax_id="DE123").status_code == 302
    assert "does not look like" in client.get(PATH).text
    assert stored(app, story).tax_id == "DE123"


def test_who_saves_an_older_page_is_told_what_differs(app, story, client):
    old = send(client, version="1", city="Bremen")
    assert old.status_code == 302
    second = send(client, version="1", city="Kiel")
    assert second.status_code == 422
    assert "Somebody else saved this" in second.text
    assert "Bremen" in second.text
    assert 'value="Kiel"' in second.text
    assert stored(app, story).city == "Bremen"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 121),
        ("legal_name", "a\x00b"),
        ("street", "x" * 301),
        ("city", "one\ntwo"),
        ("email", "not-an-address"),
        ("country", "Austria"),
        ("country", ""),
        ("currency", "XXX"),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "../../etc/passwd"),
        ("locale", "xx-nonsense"),
        ("version", "x"),
        ("version", "9" * 40),
        ("version", ""),
    ],
)
def test_bad_input_is_refused_where_it_is_and_the_rest_is_kept(app, story, client, field, value):
    page = send(client, **{field: value})
    assert page.status_code == 422
    assert "Hamburg" in page.text or field == "city"
    assert "form-error" in page.text or "Somebody else saved" in page.text
    assert stored(app, story).version == 1


@pytest.mark.parametrize("value", ["<script>alert(1)</script>", "😀 & Söhne", 'O\'Reilly "quoted"', "שלום", "ﬁ"])
def test_any_text_is_kept_and_escaped(app, story, client, value):
    assert send(client, name=value).status_code == 302
    page = client.get(PATH)
    assert "<script>alert(1)</script>" not in page.text
    assert stored(app, story).name == value


@pytest.mark.parametrize("role", ["manager", "rep"])
def test_only_admins_see_it(story, role):
    assert story.sign_in(role).get(PATH).status_code == 403


@pytest.mark.parametrize("role", ["owner", "admin", "manager", "rep"])
def test_every_settings_page_that_is_offered_opens(story, role):
    browser = story.sign_in(role)
    page = browser.get("/settings")
    offered = set(re.findall(r'class="settings-tile" href="([^"]+)"', page.text))
    assert len(offered) >= 3
    assert {path: browser.get(path).status_code for path in offered} == dict.fromkeys(offered, 200)
