"""The commands: what they print, and how they end."""

from __future__ import annotations

import pytest
from click.testing import CliRunner, Result

from cornerspot import cli
from cornerspot.cli import support
from cornerspot.people.signing_in import try_password
from cornerspot.plans.entitlements import entitlements
from cornerspot.plans.features import Feature, Limit
from cornerspot.tenancy import system_scope, team_scope
from tests.factories.teams import open_story


@pytest.fixture
def run(app, monkeypatch):
    """Types a command at the app of the tests."""
    monkeypatch.setattr(support, "open_app", lambda: app)

    def type_(*words: str) -> Result:
        return CliRunner().invoke(cli.main, list(words), catch_exceptions=False)

    return type_


def test_a_team_is_shown_with_its_plan_and_usage(run, story):
    shown = run("team", "show", story.team.slug)
    assert shown.exit_code == 0
    assert "Plan: growth_v1" in shown.output
    assert "Teammates: 1 of 25" in shown.output
    assert story.team.slug in run("team", "list").output


def test_a_plan_is_assigned_and_an_exception_made(run, app, story):
    slug = story.team.slug
    assert run("plan", "assign", slug, "free_v1").exit_code == 0
    assert run("plan", "override", slug, "--grant", "sso", "--until", "2190-01-01", "--reason", "pilot").exit_code == 0
    assert (
        run("plan", "override", slug, "--limit", "teammates", "--size", "unlimited", "--reason", "fair").exit_code == 0
    )
    with app.app_context(), team_scope(story.team):
        answers = entitlements()
    assert answers.plan.key == "free_v1"
    assert answers.allows(Feature.SSO)
    assert answers.limits[Limit.TEAMMATES] is None


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("team", "show", "no-such-team"), 1, "There is no team no-such-team"),
        (("plan", "assign", "{slug}", "gold"), 1, "Known: free_v1"),
        (("plan", "override", "{slug}", "--reason", "x"), 2, "one of --grant"),
        (("plan", "override", "{slug}", "--grant", "teleport", "--reason", "x"), 2, "teleport"),
        (("plan", "override", "{slug}", "--limit", "teammates", "--size", "-1", "--reason", "x"), 1, "whole number"),
        (("team", "suspend", "{slug}", "--reason", " "), 1, "Say why"),
        (("team", "resume", "{slug}"), 1, "not suspended"),
        (("person", "make-operator", "nobody@example.com"), 1, "nobody with the address"),
        (("person", "create", "rubbish", "--name", "R", "--password", "a long enough password"), 1, "e-mail address"),
        (("person", "create", "short@example.com", "--name", "S", "--password", "short"), 1, "10 characters"),
        (("job", "retry", "999999999"), 1, "no such job"),
    ],
)
def test_a_refusal_is_a_sentence_and_an_exit_code(run, story, words, code, said):
    ended = run(*(word.format(slug=story.team.slug) for word in words))
    assert ended.exit_code == code
    assert said in ended.output


def test_a_person_is_created_opens_a_team_and_gets_a_new_password(run, app):
    email = "vera.founder@example.com"
    assert run("person", "create", email, "--name", "Vera", "--password", "correct horse battery").exit_code == 0
    assert run("person", "create", email, "--name", "Vera", "--password", "correct horse battery").exit_code == 1
    assert run("team", "create", "vera-and-co", "--name", "Vera & Co", "--owner", email).exit_code == 0
    assert run("team", "create", "vera-and-co", "--name", "Vera & Co", "--owner", email).exit_code == 1
    assert run("person", "set-password", email, "--password", "another horse battery").exit_code == 0
    with app.app_context(), system_scope("a test signs in"):
        assert try_password(email, "another horse battery").person
        assert not try_password(email, "correct horse battery").person


def test_a_team_is_suspended_and_resumed(run, app):
    slug = open_story(app).team.slug
    assert run("team", "suspend", slug, "--reason", "unpaid").exit_code == 0
    assert "suspended" in run("team", "show", slug).output
    assert run("team", "resume", slug).exit_code == 0


def test_jobs_are_counted(run):
    assert "waiting" in run("job", "list").output


def test_mistakes_of_the_configuration_end_with_code_two(monkeypatch):
    monkeypatch.setenv("CORNERSPOT_ENV", "moon")
    ended = CliRunner().invoke(cli.main, ["team", "list"])
    assert ended.exit_code == 2
    assert "CORNERSPOT_ENV" in ended.output
