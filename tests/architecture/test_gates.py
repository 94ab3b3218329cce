"""Every route says what it needs, and an open one says why."""

from __future__ import annotations

import pytest
from flask import Blueprint

from cornerspot.app import create_app
from cornerspot.blueprints.support.gate import need_of, require_all_gated
from cornerspot.db import db

WRITES = {"POST", "PUT", "PATCH", "DELETE"}


def test_every_route_says_what_it_needs(app):
    assert [rule.endpoint for rule in app.url_map.iter_rules() if need_of(app, rule.endpoint) is None] == []


def test_every_open_route_gives_its_reason(app):
    for endpoint in app.view_functions:
        need = need_of(app, endpoint)
        if need.who not in ("teammate", "member"):
            assert len(need.reason) > 10, endpoint


def test_every_write_of_a_teammate_needs_a_permission_or_a_feature(app):
    """Except for one's own matters: signing out, one's own profile."""
    bare = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.methods & WRITES
        and (need := need_of(app, rule.endpoint)).who == "teammate"
        and need.permission is None
        and not rule.endpoint.startswith(("auth.", "settings.profile", "settings.session", "settings.password"))
    }
    assert bare == set()


def test_a_route_without_a_need_stops_the_start(settings):
    app = create_app(settings)
    bare = Blueprint("bare", __name__)
    bare.add_url_rule("/bare", view_func=lambda: "open to all", endpoint="show")
    app.register_blueprint(bare)
    with pytest.raises(RuntimeError, match=r"bare\.show"):
        require_all_gated(app)
    with app.app_context():
        db.engine.dispose()
