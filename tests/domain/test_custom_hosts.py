"""A team is found by path, by subdomain and by a host of its own, through one function."""

from __future__ import annotations

import pytest

from cornerspot.db.transaction import transaction
from cornerspot.kit.errors import Invalid, NotFound
from cornerspot.plans.assigning import assign_plan
from cornerspot.tenancy import team_scope
from cornerspot.tenancy.hosts import add_verified_host, remove_host
from cornerspot.tenancy.resolving import resolve_team
from tests.factories.teams import open_story


def resolve(app, host, path="/"):
    with app.app_context():
        found = resolve_team(host=host, path=path, base_host="cornerspot.example")
    return (found.team.slug, found.prefix) if found else None


def own_host(story):
    return f"billing.{story.team.slug}.example"


def test_path_subdomain_and_own_host_mean_the_same_team(app, story):
    slug, host = story.team.slug, own_host(story)
    with app.app_context(), team_scope(story.team), transaction():
        add_verified_host(host.upper() + ".")
    assert resolve(app, "cornerspot.example", f"/{slug}/deals") == (slug, f"/{slug}")
    assert resolve(app, f"{slug}.cornerspot.example", "/deals") == (slug, "")
    assert resolve(app, host, "/deals") == (slug, "")


def test_a_host_shows_the_team_without_a_prefix(app, story):
    with app.app_context(), team_scope(story.team), transaction():
        assign_plan("scale_v1")
        add_verified_host(own_host(story))
    response = app.test_client().get("/deals", headers={"Host": own_host(story)})
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/sign-in")


def test_a_host_that_was_taken_away_leads_nowhere(app, story):
    with app.app_context(), team_scope(story.team), transaction():
        add_verified_host(own_host(story))
    with app.app_context(), team_scope(story.team), transaction():
        remove_host(own_host(story))
    assert resolve(app, own_host(story)) is None


def test_a_host_belongs_to_one_team(app, story):
    other = open_story(app)
    with app.app_context(), team_scope(story.team), transaction():
        add_verified_host(own_host(story))
    with app.app_context(), team_scope(other.team):
        with pytest.raises(Invalid, match="Another team"):
            add_verified_host(own_host(story))
        with pytest.raises(NotFound):
            remove_host(own_host(story))


@pytest.mark.parametrize("host", ["", "localhost", "127.0.0.1", "a b.example", "-x.example", "x" * 300 + ".example"])
def test_what_is_no_host_name_is_refused(team, host):
    with pytest.raises(Invalid):
        add_verified_host(host)
