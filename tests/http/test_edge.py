"""The edge of a request: transaction, read-only GET, CSRF, headers, errors that help."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from psycopg.errors import DeadlockDetected
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from cornerspot.app import create_app
from cornerspot.blueprints.support.gate import public_route
from cornerspot.crm.models import Account
from cornerspot.db import db, session
from cornerspot.kit.errors import Conflict
from cornerspot.kit.ids import encode_public_id


@pytest.fixture
def edge_app(settings):
    """An app of its own with a few routes that behave badly on purpose."""
    app = create_app(settings)
    yield app
    with app.app_context():
        db.engine.dispose()


def add_route(app: Flask, path: str, view, methods=("GET",)):
    app.config["WTF_CSRF_ENABLED"] = False
    app.add_url_rule(
        path, endpoint=path.strip("/"), view_func=public_route("a test", in_team=True)(view), methods=methods
    )


def names(app, story):
    from cornerspot.tenancy import team_scope

    with app.app_context(), team_scope(story.team):
        return session.scalars(select(Account.name)).all()


def test_an_answer_below_400_commits_and_one_above_rolls_back(edge_app, story):
    def view(status: int):
        session.add(Account(name=f"Made under {status}"))
        return "done", status

    add_route(edge_app, "/make/<int:status>", view, ("POST",))
    browser = edge_app.test_client()
    assert [browser.post(f"/{story.team.slug}/make/{status}").status_code for status in (201, 422)] == [201, 422]
    assert names(edge_app, story) == ["Made under 201"]


def test_a_refusal_rolls_back_and_says_why(edge_app, story):
    def view():
        session.add(Account(name="Half done"))
        session.flush()
        raise Conflict("The deal was won by somebody else.")

    add_route(edge_app, "/refuse", view, ("POST",))
    response = edge_app.test_client().post(f"/{story.team.slug}/refuse")
    assert response.status_code == 409
    assert "The deal was won by somebody else." in response.text
    assert names(edge_app, story) == []


def test_a_deadlock_is_run_again(edge_app, story):
    tries = []

    def view():
        tries.append(1)
        session.add(Account(name=f"Try {len(tries)}"))
        session.flush()
        if len(tries) < 3:
            raise OperationalError("UPDATE", {}, DeadlockDetected())
        return "done"

    add_route(edge_app, "/deadlock", view, ("POST",))
    assert edge_app.test_client().post(f"/{story.team.slug}/deadlock").status_code == 200
    assert names(edge_app, story) == ["Try 3"]


def test_a_get_cannot_write(edge_app, story):
    def view():
        session.add(Account(name="Written by a prefetcher"))
        session.flush()
        return "done"

    add_route(edge_app, "/sneaky", view)
    assert edge_app.test_client().get(f"/{story.team.slug}/sneaky").status_code == 500
    assert names(edge_app, story) == []


def test_a_post_without_a_token_is_refused_kindly(edge_app, story):
    edge_app.config["WTF_CSRF_ENABLED"] = True
    edge_app.add_url_rule(
        "/post", endpoint="post", view_func=public_route("a test", in_team=True)(lambda: "done"), methods=["POST"]
    )
    response = edge_app.test_client().post(f"/{story.team.slug}/post")
    assert response.status_code == 400
    assert "reload the page" in response.text


def test_a_team_that_does_not_exist_is_a_page_that_helps(app):
    response = app.test_client().get("/no-such-team/")
    assert response.status_code == 404
    assert "<html" in response.text


@pytest.mark.parametrize(
    "path", ["/No-Such", "/a", "/-x-/", "/%00", "/%ff%fe", "/..%2f..%2fetc/passwd", "/" + "a" * 5000]
)
def test_strange_addresses_are_not_found(app, path):
    assert app.test_client().get(path).status_code in (404, 400)


def test_every_page_has_a_strict_policy(client):
    response = client.get("/")
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    assert "unsafe-eval" not in policy
    assert "frame-ancestors 'none'" in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response.headers["Cache-Control"]


def test_errors_answer_json_where_json_was_asked_for(client):
    response = client.get("/no-such-page", headers={"Accept": "application/json"})
    assert response.status_code == 404
    assert response.json["status"] == 404


def test_a_series_of_steps_without_a_page_keeps_the_cookie_small(app, story, team):
    """Each leaves a toast behind; browsers drop a cookie above 4 kB, and with it the sign-in."""
    from tests.factories.billing import line, new_draft

    client = story.sign_in("owner")
    drafts = [new_draft(story.owner, lines=[line()]).id for _ in range(8)]
    session.commit()
    page = client.get("/invoices").get_data(as_text=True)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]
    for draft in drafts:
        path = f"/invoices/{encode_public_id('inv', draft)}/finalization"
        assert client.post(path, data={"csrf_token": token}).status_code in (302, 303)
    shown = client.get("/invoices").get_data(as_text=True)
    assert shown.count("data-toast-close") == 5
