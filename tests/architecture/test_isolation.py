"""Every route × every id it takes × another team's row: 404, nothing changed, nothing shown.

The table of routes is the app's own, so that a new route is tested the day it is
written. Each is asked with the ORM criteria on, and again with them off, when only
the database keeps the teams apart.
"""

from __future__ import annotations

import hashlib
from contextlib import nullcontext

import psycopg
import pytest
from flask import Flask
from werkzeug.routing import AnyConverter, IntegerConverter, Rule

from cornerspot.blueprints.support.converters import PublicIdConverter
from cornerspot.blueprints.support.gate import need_of
from cornerspot.db import session
from cornerspot.db.transaction import transaction
from cornerspot.kit.ids import encode_public_id, new_id
from cornerspot.people.models import Membership
from cornerspot.tenancy import team_scope
from cornerspot.tenancy.criteria import criteria_switched_off
from tests.factories.furnished import MARK

SAMPLES = {
    IntegerConverter: lambda _: 0,
    AnyConverter: lambda converter: sorted(converter.items)[0],
}
pytestmark = pytest.mark.usefixtures("without_tokens")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@pytest.fixture
def browser(ours):
    return ours[0].sign_in("owner")


def team_rules(app: Flask) -> list[Rule]:
    """The routes inside a team that teammates may use."""
    found = []
    for rule in app.url_map.iter_rules():
        need = need_of(app, rule.endpoint)
        if need is not None and need.in_team is not False and need.who != "member" and rule.endpoint != "static":
            found.append(rule)
    return sorted(found, key=lambda rule: (rule.rule, rule.endpoint))


def id_arguments(rule: Rule) -> dict[str, str]:
    """Argument name to id prefix, for the public ids in a route."""
    return {
        name: converter.prefix
        for name, converter in rule._converters.items()
        if isinstance(converter, PublicIdConverter)
    }


def build(rule: Rule, ids: dict[str, str], values: dict[str, object]) -> str:
    """The path of a route with these public ids by prefix; other arguments get a harmless value."""
    path = rule.rule
    for name, converter in rule._converters.items():
        start = path.index("<")
        end = path.index(">") + 1
        if isinstance(converter, PublicIdConverter):
            value = ids[name]
        else:
            value = str(values.get(name, SAMPLES.get(type(converter), lambda _: "x")(converter)))
        path = path[:start] + value + path[end:]
    return path


def snapshot(server, database: str, tenant_id) -> str:
    """A digest over all rows of a team, read by the owner."""
    digest = hashlib.sha256()
    with psycopg.connect(server.url("cornerspot_owner", database)) as connection:
        tables = connection.execute(
            "SELECT table_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND column_name = 'tenant_id' ORDER BY 1"
        ).fetchall()
        for (table,) in tables:
            rows = connection.execute(
                f"SELECT md5(t::text) FROM {table} t WHERE tenant_id = %s ORDER BY 1",
                [tenant_id],
            ).fetchall()
            digest.update(repr((table, rows)).encode())
    return digest.hexdigest()


@pytest.mark.parametrize("criteria", ["on", "off"])
def test_another_teams_ids_are_404_and_change_nothing(app, browser, ours, theirs, server, database, criteria):
    before = snapshot(server, database, theirs[0].team.id)
    switch = criteria_switched_off if criteria == "off" else nullcontext
    wrong, asked = [], 0
    for rule in team_rules(app):
        arguments = id_arguments(rule)
        for foreign in arguments:
            ids = {
                name: encode_public_id(prefix, (theirs if name == foreign else ours)[1][prefix])
                for name, prefix in arguments.items()
            }
            for method in sorted(rule.methods & set(METHODS)):
                with switch():
                    response = browser.open(build(rule, ids, {}), method=method)
                asked += 1
                if response.status_code != 404 or MARK in response.get_data(as_text=True):
                    wrong.append((method, rule.rule, foreign, response.status_code))
    assert wrong == []
    assert asked > 40
    assert snapshot(server, database, theirs[0].team.id) == before


@pytest.mark.parametrize("criteria", ["on", "off"])
def test_another_teams_ids_in_the_body_are_refused(app, ours, theirs, server, database, criteria):
    """Every writing route, with another team's id in every field that could take one."""
    before = snapshot(server, database, theirs[0].team.id)
    switch = criteria_switched_off if criteria == "off" else nullcontext
    bodies = _foreign_bodies(theirs[1])
    wrong, asked = [], 0
    for rule in team_rules(app):
        if "POST" not in rule.methods or rule.endpoint.startswith("auth."):
            continue
        ids = {name: encode_public_id(prefix, ours[1][prefix]) for name, prefix in id_arguments(rule).items()}
        browser = ours[0].sign_in("owner")  # One of the routes ends all sign-ins.
        for body in bodies:
            with switch():
                response = browser.post(build(rule, ids, {}), data=body)
            asked += 1
            if response.status_code >= 500 or MARK in response.get_data(as_text=True):
                wrong.append((rule.rule, response.status_code, body))
    assert wrong == []
    assert asked > 40
    assert snapshot(server, database, theirs[0].team.id) == before
    assert _references_across(server, database, ours[0].team.id, theirs[1].values()) == []


def test_nothing_is_open_to_a_stranger(app, ours):
    """Signed out, every team route leads to sign-in or is public for a written reason."""
    story, rows = ours
    stranger = story.sign_in("owner")
    stranger.delete_cookie("cornerspot_team", path=f"/{story.team.slug}/")
    wrong = []
    for rule in team_rules(app):
        need = need_of(app, rule.endpoint)
        if need.who == "public":
            assert need.reason
            continue
        ids = {name: encode_public_id(prefix, rows[prefix]) for name, prefix in id_arguments(rule).items()}
        for method in sorted(rule.methods & set(METHODS)):
            response = stranger.open(build(rule, ids, {}), method=method)
            if response.status_code != 302 or "/sign-in" not in response.headers["Location"]:
                wrong.append((method, rule.rule, response.status_code))
    assert wrong == []


def test_a_session_of_one_team_means_nothing_in_another(app, ours, theirs):
    """The cookie itself, carried over by hand to the path of a team that the person is in too."""
    story, other = ours[0], theirs[0]
    with app.app_context(), team_scope(other.team), transaction():
        session.add(Membership(person_id=story.owner.person_id, role="owner"))
    browser = story.sign_in("owner")
    cookie = browser.get_cookie("cornerspot_team", path=f"/{story.team.slug}/")
    browser.set_cookie("cornerspot_team", cookie.value, path=f"/{other.team.slug}/")
    browser.prefix = f"/{other.team.slug}"
    response = browser.get("/deals")
    assert response.status_code == 302
    assert "/sign-in" in response.headers["Location"]


def test_ids_that_never_existed_look_the_same(app, browser):
    wrong = []
    for rule in team_rules(app):
        arguments = id_arguments(rule)
        ids = {name: encode_public_id(prefix, new_id()) for name, prefix in arguments.items()}
        for method in sorted(rule.methods & set(METHODS)) if arguments else ():
            response = browser.open(build(rule, ids, {}), method=method)
            if response.status_code != 404:
                wrong.append((method, rule.rule, response.status_code))
    assert wrong == []


def _foreign_bodies(foreign: dict[str, object]) -> list[dict[str, object]]:
    """Another team's ids, raw and public, under every field name that forms use for ids."""
    by_field = {
        "account_id": "acc",
        "contact_id": "con",
        "deal_id": "dea",
        "stage_id": "stg",
        "pipeline_id": "pip",
        "owner_id": "mem",
        "membership_id": "mem",
        "product_id": "prd",
        "default_tax_ids": "tax",
        "default_discount_ids": "dis",
        "tax_ids": "tax",
        "discount_ids": "dis",
        "contact_ids": "con",
        "invoice_id": "inv",
        "payment_id": "pay",
        "lines-0-product": "prd",
        "lines-0-taxes": "tax",
        "lines-0-id": "dea",
    }
    plain = {
        "name": "x",
        "description": "x",
        "lines-0-description": "x",
        "lines-0-unit_price": "1",
        "lines-0-quantity": "1",
        "currency": "EUR",
        "amount": "1",
        "method": "cash",
        "reason": "x",
    }
    raw = plain | {field: str(foreign[prefix]) for field, prefix in by_field.items()}
    public = plain | {field: encode_public_id(prefix, foreign[prefix]) for field, prefix in by_field.items()}
    return [raw, public]


def _references_across(server, database: str, tenant_id, foreign_ids) -> list[tuple[str, str]]:
    """Columns of our rows that hold another team's id anywhere, JSON included."""
    found = []
    with psycopg.connect(server.url("cornerspot_owner", database)) as connection:
        tables = connection.execute(
            "SELECT table_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND column_name = 'tenant_id'"
        ).fetchall()
        for (table,) in tables:
            for foreign in foreign_ids:
                row = connection.execute(
                    f"SELECT count(*) FROM {table} t WHERE tenant_id = %s AND t::text LIKE %s",
                    [tenant_id, f"%{foreign}%"],
                ).fetchone()
                if row and row[0]:
                    found.append((table, str(foreign)))
    return found
