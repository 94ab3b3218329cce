"""What strangers and scripts try before any view runs: hosts, paths, tokens, headers, floods."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import unquote

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from cornerspot.app import create_app
from cornerspot.blueprints.support.gate import need_of
from cornerspot.blueprints.support.limits import limiter
from cornerspot.db import db, session
from cornerspot.kit.ids import encode_public_id, new_id
from cornerspot.mail.models import OutgoingMessage
from cornerspot.settings import use_settings
from cornerspot.tenancy import team_scope
from tests.architecture.test_isolation import build, id_arguments, team_rules
from tests.factories.furnished import MARK
from tests.factories.teams import Story

pytestmark = pytest.mark.usefixtures("without_tokens")
SECURITY_HEADERS = ("Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy")


@pytest.fixture
def csrf(app):
    app.config["WTF_CSRF_ENABLED"] = True
    yield
    app.config["WTF_CSRF_ENABLED"] = False


def on_host(story: Story, role: str = "owner") -> FlaskClient:
    """A browser signed in on the team's own host, where the cookie is for all paths."""
    by_path = story.sign_in(role)
    cookie = by_path.get_cookie("cornerspot_team", path=f"/{story.team.slug}/")
    browser = story.app.test_client()
    browser.set_cookie("cornerspot_team", cookie.value, domain=host_of(story), path="/")
    return browser


def host_of(story: Story) -> str:
    return f"{story.team.slug}.localhost"


def base_of(story: Story) -> str:
    return f"http://{host_of(story)}:8000"


# A team's own host


def test_a_host_names_the_team_as_a_path_does(ours):
    story, rows = ours
    page = on_host(story).get(f"/deals/{encode_public_id('dea', rows['dea'])}", base_url=base_of(story))
    assert page.status_code == 200
    assert f'href="/{story.team.slug}/' not in page.text


def test_a_cookie_on_a_teams_host_is_for_that_host_alone(ours):
    story, _ = ours
    answer = on_host(story).post(
        "/settings/profile", data={"name": "Tess Tester"}, base_url=base_of(story)
    )  # It leaves a word in the session.
    assert answer.status_code == 302
    assert answer.headers.getlist("Set-Cookie")
    for cookie in answer.headers.getlist("Set-Cookie"):
        assert "Domain=" not in cookie
        assert "Path=/;" in f"{cookie};"
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie


def test_another_teams_rows_are_not_found_on_ones_own_host(ours, theirs):
    story, browser = ours[0], on_host(ours[0])
    wrong = []
    for rule in team_rules(story.app):
        ids = {name: encode_public_id(prefix, theirs[1][prefix]) for name, prefix in id_arguments(rule).items()}
        if ids and "GET" in rule.methods:
            answer = browser.get(build(rule, ids, {}), base_url=base_of(story))
            if answer.status_code != 404 or MARK in answer.get_data(as_text=True):
                wrong.append((rule.rule, answer.status_code))
    assert wrong == []


def test_a_host_and_another_teams_path_lead_nowhere(ours, theirs):
    answer = on_host(ours[0]).get(f"/{theirs[0].team.slug}/deals", base_url=base_of(ours[0]))
    assert answer.status_code == 404


def test_a_cookie_of_one_host_is_worth_nothing_on_another(ours, theirs):
    cookie = on_host(ours[0]).get_cookie("cornerspot_team", domain=host_of(ours[0]), path="/")
    browser = ours[0].app.test_client()
    browser.set_cookie("cornerspot_team", cookie.value, domain=host_of(theirs[0]), path="/")
    answer = browser.get("/deals", base_url=base_of(theirs[0]))
    assert answer.status_code == 302
    assert "/sign-in" in answer.location


@pytest.mark.parametrize("host", ["no-such-team.localhost", "a.b.localhost", "localhost.evil.example", "-.localhost"])
def test_a_host_of_no_team_shows_no_team(app, host):
    answer = app.test_client().get("/deals", base_url=f"http://{host}")
    assert answer.status_code in (404, 400)


def test_a_forged_host_does_not_get_into_links_of_mail(ours):
    story = ours[0]
    cookie = story.sign_in("owner").get_cookie("cornerspot_team", path=f"/{story.team.slug}/")
    browser, sent = story.app.test_client(), {"email": "forged-host@example.com", "role": "rep"}
    browser.set_cookie("cornerspot_team", cookie.value, domain="evil.example", path=f"/{story.team.slug}/")
    answer = browser.post(
        f"/{story.team.slug}/settings/invitations", data=sent, base_url="http://evil.example",
        headers={"X-Forwarded-Host": "evil.example"},
    )  # fmt: skip
    assert answer.status_code == 302, answer.text
    with story.app.app_context(), team_scope(story.team):
        message = session.scalars(select(OutgoingMessage).where(OutgoingMessage.recipient == sent["email"])).one()
        assert "evil.example" not in message.text_body + (message.html_body or "")
        assert f"http://localhost:8000/{story.team.slug}/invitations/" in message.text_body
    assert "evil.example" not in answer.headers.get("Location", "")


# Paths


def test_a_teams_address_without_its_slash_leads_to_the_one_with_it(ours):
    """The cookie is for ``/acme/``; without the redirect a signed-in person would be asked to sign in."""
    slug = ours[0].team.slug
    answer = ours[0].app.test_client().get(f"/{slug}?tab=a%2Fb")
    assert answer.status_code == 308
    assert answer.headers["Location"] == f"/{slug}/?tab=a%2Fb"


@pytest.mark.parametrize(
    "path", ["//{slug}", "//{slug}/", "//{slug}/deals", "/%2F{slug}/deals", "//evil.example", "//evil.example/{slug}/",
             "/{slug}/../{other}/deals", "/{slug}/%2e%2e/{other}/deals", "/{slug}//{other}/deals",
             "/{slug}%2F..%2F{other}/deals",
             "/{SLUG}/deals", "/{slug}.", "/{slug}%00/deals", "/{slug};x/deals", "/\\evil.example", "/www/deals"],
)  # fmt: skip
def test_tricks_with_paths_show_nothing_and_lead_to_no_other_site(ours, theirs, path):
    story, slug, other = ours[0], ours[0].team.slug, theirs[0].team.slug
    asked = path.format(slug=slug, SLUG=slug.upper(), other=other)
    browser = story.sign_in("owner")
    answer = FlaskClient.open(
        browser, "/", base_url="http://localhost:8000", environ_overrides={"PATH_INFO": unquote(asked)}
    )  # The client would read ``//host`` as a host.
    assert answer.status_code in (302, 308, 400, 404)
    assert MARK not in answer.get_data(as_text=True)
    location = answer.headers.get("Location", "/")
    assert location.removeprefix("http://localhost:8000").startswith("/")
    assert not location.startswith(("//", "/\\"))
    assert "evil.example" not in location


@pytest.mark.parametrize("slug", ["sign-in", "static", "health", "www", "teams"])
def test_a_reserved_word_is_never_a_team(app, slug):
    answer = app.test_client().get(f"/{slug}/deals")
    assert answer.status_code == 404


# Tokens


def test_every_post_asks_for_a_token(app, ours, csrf):
    story, rows = ours
    wrong, asked = [], 0
    browser = story.sign_in("owner")
    for rule in app.url_map.iter_rules():
        methods = rule.methods & {"POST", "PUT", "PATCH", "DELETE"}
        need = need_of(app, rule.endpoint)
        ids = {name: encode_public_id(prefix, rows[prefix]) for name, prefix in id_arguments(rule).items()}
        path = build(rule, ids, {"override_id": new_id(), "event_id": new_id()})
        for method in methods:
            client = app.test_client() if need.in_team is False else browser
            answer = client.open(path, method=method, data={"name": "x", "csrf_token": "forged"})
            asked += 1
            if answer.status_code != 400:
                wrong.append((method, rule.rule, answer.status_code))
    assert wrong == []
    assert asked > 50


# Headers


def test_every_answer_has_the_security_headers(app, ours):
    story, rows = ours
    browser, stranger = story.sign_in("owner"), app.test_client()
    invoice = encode_public_id("inv", rows["inv"])
    answers = {
        "page": browser.get("/deals"),
        "refused": browser.post("/deals", data={}),
        "redirect": stranger.get(f"/{story.team.slug}/deals"),
        "no page": browser.get("/no-such-page"),
        "no team": stranger.get("/no-such-team/"),
        "wrong method": browser.delete("/deals"),
        "pdf": browser.get(f"/invoices/{invoice}/pdf"),
        "json": browser.get("/no-such-page", headers={"Accept": "application/json"}),
        "installation": stranger.get("/sign-in"),
        "health": stranger.get("/health/live"),
        "static": stranger.get("/static/icons.txt"),
        "no static": stranger.get("/static/no-such-file.css"),
    }
    missing = [
        (what, name) for what, answer in answers.items() for name in SECURITY_HEADERS if name not in answer.headers
    ]
    assert missing == []
    assert answers["pdf"].mimetype == "application/pdf"
    assert answers["static"].status_code == 200
    answers["static"].close()  # It holds the file open.
    assert answers["no team"].status_code == 404
    assert "no-store" in answers["page"].headers["Cache-Control"]


# Floods


@pytest.fixture(scope="module")
def limited_app(app, settings):
    """The app with rate limits, as anywhere but in tests."""
    limited = create_app(replace(settings, environment="demo"))
    limited.config["WTF_CSRF_ENABLED"] = False
    yield limited
    limiter.reset()
    limiter.enabled = False  # One limiter serves all apps of this process.
    use_settings(settings)
    with limited.app_context():
        db.engine.dispose()


@pytest.mark.parametrize(
    ("path", "allowed"), [("/sign-in", 20), ("/sign-up", 5), ("/password/reset", 5), ("/{slug}/sign-in", 20)]
)
def test_what_can_be_guessed_at_is_limited(limited_app, ours, path, allowed):
    limiter.reset()
    browser, address = limited_app.test_client(), path.format(slug=ours[0].team.slug)
    statuses = [browser.post(address, data={}).status_code for _ in range(allowed + 1)]
    assert 429 not in statuses[:allowed]
    assert statuses[allowed] == 429
