"""The plans of the list of invoices, as the app's role has them behind row-level security.

An index that is lost, or a condition that no longer reaches one, is red here long before
anybody has a million invoices. Sequential scans are switched off, for this table is small.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import event, text

from bench.million import fill
from bench.world import Team
from cornerspot.billing.list_filter import InvoiceFilter, find
from cornerspot.billing.list_totals import list_totals
from cornerspot.billing.listing import Order, invoice_counts, invoices_page
from cornerspot.billing.trash import trash_page
from cornerspot.db import db, session
from cornerspot.tenancy import team_scope, team_today
from tests.factories.teams import open_story

ROWS = 4000


@dataclass
class Place:
    """What the generator of the benchmarks needs of a world: this one's database."""

    app: object
    server: object


@dataclass
class OfThisDatabase:
    server: object
    database: str

    def url(self, role):
        return self.server.url(role, self.database)


@pytest.fixture(scope="module")
def filled(app, server, database):
    """A team with thousands of invoices, tables analysed."""
    story = open_story(app)
    fill(Place(app, OfThisDatabase(server, database)), Team(story, "", ""), rows=ROWS)
    return story


@pytest.fixture
def plans(app, filled):
    """Gives the plans of what a function asks the database, as the app's role, inside the team."""

    def of(work):
        asked = []

        def note(_connection, _cursor, statement, parameters, *_):
            if statement.lstrip().upper().startswith(("SELECT", "WITH", "(")):
                asked.append((statement, parameters))

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            work()
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        session.execute(text("SET LOCAL enable_seqscan = off"))
        session.execute(text("SET LOCAL enable_bitmapscan = off"))
        connection = session.connection()
        return [
            connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).scalar()[0]["Plan"]
            for statement, parameters in asked
        ]

    with app.app_context(), team_scope(filled.team):
        yield of


def nodes(plan):
    """Every node of a plan."""
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def indexes(found):
    """The indexes that plans use, by name."""
    return {node["Index Name"] for plan in found for node in nodes(plan) if "Index Name" in node}


def sorted_whole(found):
    """The nodes that sort more than the heads of a page, a few hundred rows."""
    return [node for plan in found for node in nodes(plan) if node["Node Type"] == "Sort" and node["Plan Rows"] > 1000]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("newest", "ix_invoices_status"),
        ("number", "ix_invoices_number"),
        ("issued", "ix_invoices_issued"),
        ("due", "ix_invoices_due"),
        ("total", "ix_invoices_total"),
        ("balance", "ix_invoices_balance"),
        ("status", "ix_invoices_status"),
        ("customer", "ix_accounts_name"),
        ("customer", "ix_invoices_account_id"),
    ],
)
def test_a_sort_walks_along_its_index_at_any_depth(plans, name, index, descending):
    order = Order(name, descending)
    first = invoices_page(InvoiceFilter(), order)
    for cursor in (None, first.next_cursor):
        found = plans(lambda cursor=cursor: invoices_page(InvoiceFilter(), order, cursor=cursor))
        assert index in indexes(found), json.dumps(found, indent=1)
        assert sorted_whole(found) == []


def test_a_list_of_dates_walks_along_them(plans):
    wanted = InvoiceFilter(since=team_today() - timedelta(days=90), until=team_today())
    assert "ix_invoices_issued" in indexes(plans(lambda: invoices_page(wanted)))


def test_a_list_of_a_customer_reads_the_customers_invoices(plans):
    account = next(row.account_id for row in invoices_page(InvoiceFilter()).rows if row.account_id)
    assert "ix_invoices_account_id" in indexes(plans(lambda: invoices_page(InvoiceFilter(account_id=account))))


def test_the_trash_is_read_along_its_own_index(plans):
    assert indexes(plans(trash_page)) >= {"ix_invoices_trash"}


def test_totals_and_counts_are_read_from_indexes_alone(plans):
    found = plans(lambda: list_totals(find(InvoiceFilter())))
    alone = {node.get("Index Name") for plan in found for node in nodes(plan) if node["Node Type"] == "Index Only Scan"}
    assert {"ix_invoices_due", "ix_payments_received_on"} <= alone
    assert "ix_invoices_due" in indexes(plans(invoice_counts))


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        ("SELECT id FROM invoices WHERE tenant_id = %s AND number ILIKE '%%0001234%%'", "ix_invoices_number_words"),
        (
            "SELECT invoice_id FROM invoice_lines WHERE tenant_id = %s AND description ILIKE '%%c4ca4238%%'",
            "ix_invoice_lines_words",
        ),
        ("SELECT id FROM accounts WHERE tenant_id = %s AND search_name LIKE '%%partner 77%%'", "ix_accounts_words"),
    ],
)
def test_words_are_found_by_their_index_in_the_owners_function(filled, server, database, statement, index):
    """What ``search_invoices`` asks, part by part: a function's own plan cannot be seen from outside."""
    with psycopg.connect(server.url("cornerspot_owner", database)) as connection:
        connection.execute("SET enable_seqscan = off; SET enable_indexscan = off")
        ((plan,),) = connection.execute(f"EXPLAIN (FORMAT JSON) {statement}", [filled.team.id]).fetchall()
        assert index in indexes([plan[0]["Plan"]])
        ((body,),) = connection.execute("SELECT prosrc FROM pg_proc WHERE proname = 'search_invoices'").fetchall()
        assert statement.partition("FROM ")[2].split()[0] in body
