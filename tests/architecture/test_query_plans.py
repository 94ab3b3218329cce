"""The plans of the lists and sums of invoices, as the app's role has them behind row-level security.

An index that is lost, or a condition that no longer reaches one, is red here long before
anybody has a million invoices.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import event, func, select, text

from bench.million import fill
from bench.world import Team
from cornerspot.billing.crediting import credit_by_currency
from cornerspot.billing.list_filter import InvoiceFilter, find, matches
from cornerspot.billing.list_totals import list_totals
from cornerspot.billing.listing import Order, count_invoices, invoice_counts, invoices_page
from cornerspot.billing.models import Invoice, InvoiceLine
from cornerspot.billing.payments_reading import money_of
from cornerspot.billing.reading import sums_of_account
from cornerspot.billing.trash import trash_page
from cornerspot.billing.usage import has_invoices
from cornerspot.crm.usage import has_crm_records
from cornerspot.db import db, session
from cornerspot.db.straight import as_text, numbered
from cornerspot.portal.invoices import due_of_account, member_invoices_page
from cornerspot.portal.payments import member_payments_page
from cornerspot.reports.aging import aging, owed_invoices
from cornerspot.reports.cashflow import cashflows
from cornerspot.reports.overview import beginnings, recent_activity
from cornerspot.tenancy import team_scope, team_today
from tests.factories.teams import open_story

ROWS = 4000
# The table is small and would be in memory: a page costs as much here as one that is not.
AS_WHEN_LARGE = (
    "enable_seqscan = off",
    "enable_bitmapscan = off",
    "seq_page_cost = 100",
    "random_page_cost = 100",
    "effective_cache_size = '8kB'",
)


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

    def of(work, *, as_when_large=True):
        asked = []

        def note(_connection, _cursor, statement, parameters, *_):
            if statement.lstrip().upper().startswith(("SELECT", "WITH", "(")):
                asked.append((statement, parameters))

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            work()
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        for setting in AS_WHEN_LARGE if as_when_large else ():
            session.execute(text(f"SET LOCAL {setting}"))
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


# What somebody asks for, and the index that keeps it fast in a team with a million invoices.
SORTS = [
    ("newest", "ix_invoices_status"),
    ("number", "ix_invoices_number"),
    ("issued", "ix_invoices_issued"),
    ("due", "ix_invoices_due"),
    ("total", "ix_invoices_total"),
    ("balance", "ix_invoices_balance"),
    ("status", "ix_invoices_status"),
    ("customer", "ix_accounts_name"),
    ("customer", "ix_invoices_account_id"),
]
PAGES = {
    "a status": ("ix_invoices_status", lambda _: invoices_page(InvoiceFilter(names=("void",)))),
    "what is overdue": ("ix_invoices_due", lambda _: invoices_page(InvoiceFilter(overdue=True), Order("due"))),
    "what was not sent": ("ix_invoices_unsent", lambda _: invoices_page(InvoiceFilter(sent="no"))),
    "what was not sent, by due date": (
        "ix_invoices_unsent_due",
        lambda _: invoices_page(InvoiceFilter(sent="no"), Order("due")),
    ),
    "issued lately": ("ix_invoices_issued", lambda _: invoices_page(_lately("issued"))),
    "due lately": ("ix_invoices_due", lambda _: invoices_page(_lately("due"))),
    "a customer's": ("ix_invoices_account_status", lambda account: invoices_page(InvoiceFilter(account_id=account))),
    "a frequent word": ("ix_invoice_lines_invoice_id", lambda _: invoices_page(_frequent())),
    "the trash": ("ix_invoices_trash", lambda _: trash_page()),
    "a member's invoices": ("ix_invoices_account_issued", member_invoices_page),
    "a member's payments": ("ix_payments_account_id", member_payments_page),
    "what happened": ("ix_activity_entries_recent", lambda _: recent_activity()),
}
# These are answered without a look at the rows.
SUMS = {
    "the totals of all": ("ix_invoices_due", lambda _: list_totals(find(InvoiceFilter()))),
    "what came in this month": ("ix_payments_received_on", lambda _: list_totals(find(InvoiceFilter()))),
    "what Home says is owed": ("ix_invoices_due", lambda _: cashflows()),
    "what Home says came in": ("ix_payments_received_on", lambda _: cashflows()),
    "what became of new ones": ("ix_invoices_issued", lambda _: cashflows()),
    "receivables by age": ("ix_invoices_due", lambda _: aging(team_today())),
    "what a customer was invoiced": ("ix_invoices_account_status", sums_of_account),
    "what a member owes": ("ix_invoices_account_status", due_of_account),
}
WORDS = {
    "ix_invoices_number_words": "SELECT id FROM invoices WHERE tenant_id = %s AND number ILIKE '%%0001234%%'",
    "ix_invoice_lines_words": (
        "SELECT invoice_id FROM invoice_lines WHERE tenant_id = %s AND description ILIKE '%%c4ca4238%%'"
    ),
    "ix_accounts_words": "SELECT id FROM accounts WHERE tenant_id = %s AND search_name LIKE '%%partner 77%%'",
}
# Of invoices, these serve no list: one record and its neighbours, the limit of a plan, the proof of numbers.
OF_OTHERS = {
    "ix_invoices_contact_id",
    "ix_invoices_copied_from_id",
    "ix_invoices_deal_id",
    "ix_invoices_finalized_at",
    "ix_invoices_manual_number",
    "ix_invoices_pdf_file_id",
    "ix_invoices_recent",
    "uq_invoices_live_value_part",
}


def _lately(dated):
    return InvoiceFilter(dated=dated, since=team_today() - timedelta(days=90), until=team_today())


def _frequent():
    """A search as it goes on when a word is found too often to list."""
    wanted = InvoiceFilter(search="espresso")
    return replace(find(wanted), asked=(matches("espresso"),), ids=None)


@pytest.fixture
def customer(app, plans):
    """Whoever was invoiced most often."""
    counted = select(Invoice.account_id).group_by(Invoice.account_id).order_by(func.count().desc())
    return session.scalars(counted.limit(1)).one()


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize(("name", "index"), SORTS)
def test_a_sort_walks_along_its_index_at_any_depth(plans, name, index, descending):
    order = Order(name, descending)
    first = invoices_page(InvoiceFilter(), order)
    for cursor in (None, first.next_cursor):
        found = plans(lambda cursor=cursor: invoices_page(InvoiceFilter(), order, cursor=cursor))
        assert index in indexes(found), json.dumps(found, indent=1)
        assert sorted_whole(found) == []


@pytest.mark.parametrize("name", sorted({name for name, _ in SORTS} - {"status", "customer"}))
def test_of_each_status_no_more_is_read_than_the_page_takes(plans, name):
    """The heads are merged as the page fills; sorted, each would be read to its end first."""
    (found,) = plans(lambda: invoices_page(InvoiceFilter(), Order(name)))
    assert "Merge Append" in {node["Node Type"] for node in nodes(found)}, json.dumps(found, indent=1)


@pytest.mark.parametrize("asked", PAGES)
def test_a_page_is_read_along_its_index(plans, customer, asked):
    index, ask = PAGES[asked]
    found = plans(lambda: ask(customer))
    assert index in indexes(found), json.dumps(found, indent=1)


@pytest.mark.parametrize("asked", SUMS)
def test_a_sum_is_read_from_its_index_alone(plans, customer, asked):
    index, ask = SUMS[asked]
    found = plans(lambda: ask(customer))
    alone = {node.get("Index Name") for plan in found for node in nodes(plan) if node["Node Type"] == "Index Only Scan"}
    assert index in alone, json.dumps(found, indent=1)


def test_the_tabs_count_along_their_indexes(plans):
    assert indexes(plans(invoice_counts)) >= {"ix_invoices_due"}


def test_lists_and_sums_are_never_prepared(plans, customer):
    """What is prepared is soon planned for a team of average size, however large this one is."""
    options = []

    def note(_connection, _cursor, _statement, _parameters, context, _many):
        options.append("planned_for_values" in context.execution_options)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        invoice_counts()
        count_invoices(find(InvoiceFilter()), most=10)
        invoices_page(InvoiceFilter())
        invoices_page(InvoiceFilter(), Order("customer"))
        list_totals(find(InvoiceFilter()))
        cashflows()
        aging(team_today())
        owed_invoices(team_today(), "EUR")
        member_invoices_page(customer)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert options == [True] * 9


@pytest.mark.parametrize("ask", [beginnings, has_invoices, has_crm_records])
def test_a_first_row_is_looked_for_along_the_key(plans, ask):
    """A walk through the table would end at once here, and after a million rows of another team there."""
    found = plans(ask, as_when_large=False)
    read = {
        node["Relation Name"]: node["Node Type"] for plan in found for node in nodes(plan) if "Relation Name" in node
    }
    assert {read.get(table) for table in ("invoices", "accounts")} <= {None, "Index Scan", "Index Only Scan"}, read


@pytest.mark.parametrize(("length", "prepared"), [(12, 0), (2, 1)])
def test_a_long_list_of_ids_is_planned_for_its_values(app, filled, length, prepared):
    """Planned for all, it walked through a million invoices to name twelve."""
    kept = text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%invoices.id IN%'")
    with app.app_context(), team_scope(filled.team):
        ids = list(session.scalars(select(Invoice.id).limit(length)))
        for _ in range(9):
            assert len(session.scalars(select(Invoice.number).where(Invoice.id.in_(ids))).all()) == length
        assert session.scalar(kept) == prepared
        session.rollback()  # psycopg forgets all that it prepared.


def test_the_payments_of_an_invoice_are_found_by_their_keys(plans):
    """Of a team that is never paid online, no payment names a payment page: PostgreSQL knows nothing of such a join."""
    invoice = session.scalars(select(Invoice).where(Invoice.status == "paid").limit(1)).one()
    found = plans(lambda: money_of(invoice), as_when_large=False)
    walked = {node.get("Relation Name") for plan in found for node in nodes(plan) if node["Node Type"] == "Seq Scan"}
    assert "payments" not in walked, json.dumps(found, indent=1)


@pytest.mark.parametrize("ask", ["who has credit", "what was copied"])
def test_a_plan_for_all_values_reaches_the_index_over_few_rows(plans, customer, ask):
    """Statements that are prepared are planned so after a while, whatever is asked for."""
    statement, index = {
        "who has credit": (credit_by_currency(customer), "ix_payments_credit"),
        "what was copied": (
            select(Invoice.id).where(Invoice.copied_from_id == customer, Invoice.deleted_at.is_(None)),
            "ix_invoices_copied_from_id",
        ),
    }[ask]
    for setting in AS_WHEN_LARGE:
        session.execute(text(f"SET LOCAL {setting}"))
    written, _ = numbered(as_text(statement))
    plan = session.connection().exec_driver_sql(f"EXPLAIN (GENERIC_PLAN, FORMAT JSON) {written.decode()}").scalar()
    assert index in indexes([plan[0]["Plan"]]), json.dumps(plan, indent=1)


def test_every_index_of_invoices_is_asked_for_here_or_belongs_to_others(server, database):
    """An index that nothing needs slows every change down; one that something needs must not get lost."""
    with psycopg.connect(server.url("cornerspot_owner", database)) as connection:
        found = connection.execute(
            "SELECT i.indexrelid::regclass::text FROM pg_index i WHERE i.indrelid = 'invoices'::regclass"
            " AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)"
        ).fetchall()
    asked = {index for _, index in SORTS} | {index for index, _ in (*PAGES.values(), *SUMS.values())} | {*WORDS}
    assert {name for (name,) in found} == {name for name in asked | OF_OTHERS if "_invoices_" in name}


@pytest.mark.parametrize("index", WORDS)
def test_words_are_found_by_their_index_in_the_owners_function(filled, server, database, index):
    """What ``search_invoices`` asks, part by part: a function's own plan cannot be seen from outside."""
    statement = WORDS[index]
    with psycopg.connect(server.url("cornerspot_owner", database)) as connection:
        connection.execute("SET enable_seqscan = off; SET enable_indexscan = off")
        ((plan,),) = connection.execute(f"EXPLAIN (FORMAT JSON) {statement}", [filled.team.id]).fetchall()
        assert index in indexes([plan[0]["Plan"]])
        ((body,),) = connection.execute("SELECT prosrc FROM pg_proc WHERE proname = 'search_invoices'").fetchall()
        assert statement.partition("FROM ")[2].split()[0] in body


def test_a_frequent_word_is_recognised_before_its_matches_are_gathered(filled, app):
    """Of a word in a tenth of a million lines, gathering takes longer than the page."""
    # Whether a word is frequent is seen in the lines; only who gathers its matches looks at customers too.
    reads = text("SELECT seq_scan + idx_scan FROM pg_stat_xact_user_tables WHERE relname = 'accounts'")  # so far
    with app.app_context(), team_scope(filled.team):
        lines = session.scalar(select(func.count()).select_from(InvoiceLine))
        for word, gathers in (("espresso", False), ("c4ca4238", True)):
            before = session.scalar(reads) or 0
            ids = session.scalar(select(func.search_invoices(f"%{word}%", f"%{word}%", lines // 20 - 1)))
            assert (ids is None, (session.scalar(reads) or 0) > before) == (not gathers, gathers), word
            session.rollback()
