"""The portal's address: a domain of the team's own, which its DNS proves."""

from __future__ import annotations

import re

import pytest

from cornerspot.db.transaction import in_transaction
from cornerspot.jobs.worker import run_pending
from cornerspot.plans.assigning import assign_plan
from cornerspot.portal.addresses import portal_address
from cornerspot.portal.dns import NoAnswer, lookups_through
from cornerspot.portal.domains import NO_ANSWER, NOT_FOUND, OTHER_VALUE, record_name, record_value
from cornerspot.tenancy import team_scope
from cornerspot.tenancy.hosts import add_verified_host, find_host
from tests.factories.teams import open_story

ADDRESS = "/settings/portal/domains"


def text_of(answer):
    return answer.get_data(as_text=True)


def fields(page):
    """What every form of the page holds."""
    return {"csrf_token": re.search(r'name="csrf_token"[^>]*value="([^"]+)"', text_of(page))[1]}


def post(client, address, **entered):
    return client.post(address, data=fields(client.get(ADDRESS)) | entered)


@pytest.fixture
def big(app, story):
    """The story's team on a plan with domains of its own."""
    with app.app_context(), team_scope(story.team):
        in_transaction(lambda: assign_plan("scale_v1"))
    return story


def own_host(story):
    return f"billing.{story.team.slug}.example"


def check(app, story, answer):
    """Press Verify while the DNS answers so, and let the worker work."""
    client = story.sign_in("owner")

    def lookup(name):
        assert name == f"_cornerspot.{own_host(story)}"
        if answer is None:
            raise NoAnswer(name)
        return answer

    with lookups_through(lookup):
        assert post(client, f"{ADDRESS[:-1]}-checks", host=own_host(story)).status_code == 303
        run_pending(app)


def row_of(app, story):
    with app.app_context(), team_scope(story.team):
        return find_host(own_host(story))


def test_a_domain_is_the_teams_once_its_record_says_so(app, big, empty_queue):
    client = big.sign_in("owner")
    assert post(client, ADDRESS, host=own_host(big).upper()).status_code == 303
    with app.app_context(), team_scope(big.team):
        value, name = record_value(own_host(big)), record_name(own_host(big))
    page = text_of(client.get(ADDRESS))
    assert value in page
    assert name in page
    for answer, problem in (([], NOT_FOUND), (["v=spf1"], OTHER_VALUE), (None, NO_ANSWER)):
        check(app, big, answer)
        assert row_of(app, big).problem == problem
        assert row_of(app, big).verified_at is None
    check(app, big, ["v=spf1", value])
    assert row_of(app, big).verified_at is not None
    with app.app_context(), team_scope(big.team):
        assert own_host(big) in portal_address()
    assert "Verified" in text_of(client.get(ADDRESS))
    assert post(client, f"{ADDRESS[:-1]}-removals", host=own_host(big)).status_code == 303
    assert row_of(app, big) is None


def test_naming_a_domain_keeps_it_from_nobody(app, big, empty_queue):
    other = open_story(app, plan_key="scale_v1")
    post(other.sign_in("owner"), ADDRESS, host=own_host(big))
    assert post(big.sign_in("owner"), ADDRESS, host=own_host(big)).status_code == 303
    with app.app_context(), team_scope(other.team):
        of_other = record_value(own_host(big))
    check(app, big, [of_other])  # Another team's word proves nothing.
    assert row_of(app, big).verified_at is None


def test_a_domain_that_another_team_proved_is_refused(app, big):
    other = open_story(app)
    with app.app_context(), team_scope(other.team):
        in_transaction(lambda: add_verified_host(own_host(big)))
    answer = post(big.sign_in("owner"), ADDRESS, host=own_host(big))
    assert answer.status_code == 422
    assert "Another team has this host." in text_of(answer)


@pytest.mark.parametrize("host", ["localhost", "no host", "127.0.0.1", ""])
def test_what_is_no_domain_is_refused(big, host):
    assert post(big.sign_in("owner"), ADDRESS, host=host).status_code == 422


def test_a_plan_without_domains_offers_none(app, story, client):
    with app.app_context(), team_scope(story.team):
        in_transaction(lambda: assign_plan("growth_v1", end_trial=True))
    page = client.get(ADDRESS)
    assert "Add domain" not in text_of(page)
    assert (
        client.post(ADDRESS, data=fields(client.get("/settings/portal")) | {"host": own_host(story)}).status_code == 402
    )


def test_only_admins_change_the_portal(story):
    assert story.sign_in("manager").get(ADDRESS).status_code == 403


def test_a_domain_leads_to_the_usual_address_while_the_plan_has_none(app, big):
    with app.app_context(), team_scope(big.team):
        in_transaction(lambda: add_verified_host(own_host(big)))
    visitor = app.test_client()
    on_own_host = {"headers": {"Host": own_host(big)}}
    assert visitor.get("/portal/sign-in", **on_own_host).status_code == 200
    with app.app_context(), team_scope(big.team):
        assert own_host(big) in portal_address()
        in_transaction(lambda: assign_plan("growth_v1", end_trial=True))
    with app.app_context(), team_scope(big.team):
        assert own_host(big) not in portal_address()
    for page in ("/", "/portal/invitations/abc?x=1", "/portal/theme.css", "/sign-in", "/nowhere"):
        answer = visitor.get(page, **on_own_host)
        assert answer.status_code == 302
        assert answer.headers["Location"] == f"{app.config['SETTINGS'].external_url}/{big.team.slug}{page}"
    for address in (f"/{big.team.slug}/portal/sign-in", "/portal/sign-in"):
        host = {"headers": {"Host": f"{big.team.slug}.localhost"}} if address == "/portal/sign-in" else {}
        assert visitor.get(address, **host).status_code == 200
    assert "leads to" in text_of(big.sign_in("owner").get(ADDRESS))
