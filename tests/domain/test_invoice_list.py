"""The list of invoices: every sort paged both ways, every filter, the search, counts and totals."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from cornerspot.billing import listing
from cornerspot.billing.cancelling import cancel_invoice
from cornerspot.billing.deleting import delete_invoice
from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.list_filter import InvoiceFilter, find
from cornerspot.billing.list_totals import ListTotals, list_totals
from cornerspot.billing.listing import (
    SORT_NAMES,
    TABS,
    Order,
    count_invoices,
    invoice_counts,
    invoice_ids,
    invoices_page,
    natural_order,
)
from cornerspot.billing.marking_sent import mark_sent
from cornerspot.billing.settling import record_manual_payment
from cornerspot.billing.states import InvoiceStatus
from cornerspot.billing.voiding import void_invoice
from cornerspot.db import session
from cornerspot.kit import clock
from cornerspot.tenancy import narrow_to_account, team_scope
from tests.factories.billing import line, new_account, new_draft
from tests.factories.teams import open_story

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
TODAY = date(2026, 3, 10)


def paged(wanted, order, size):
    """Every row over all pages forward, and then all the way back."""
    page, seen = invoices_page(wanted, order, size=size), []
    while True:
        seen += page.rows
        if page.next_cursor is None:
            break
        page = invoices_page(wanted, order, size=size, cursor=page.next_cursor)
    back = list(page.rows)
    while page.previous_cursor is not None:
        page = invoices_page(wanted, order, size=size, cursor=page.previous_cursor)
        back = page.rows + back
    return seen, back


@pytest.fixture
def many(team, story):
    """Invoices in all states, of customers with the same name too, and of none."""
    by, made = story.owner, []
    names = ("Zeta Ltd", "Acme GmbH", "Acme GmbH", "Émile & fils")
    accounts = [new_account(name) for name in names]
    for number in range(21):
        with clock.moved_to(NOON + timedelta(minutes=number // 2)):
            account = accounts[number % 4]
            draft = new_draft(
                by,
                account,
                [line(unit_price=str(50 * (number % 5 + 1)))],
                terms_days=(0, 30)[number % 2],
                invoice_on=TODAY - timedelta(days=2 - number // 8),
            )
            step = number % 7
            if step:
                finalize_invoice(draft, by=by) if step != 6 else cancel_invoice(draft, by=by)
            if step in (2, 3):
                pay(draft, 100 if step == 2 else draft.total_minor, by)
            if step == 4:
                void_invoice(draft, by=by)
            if step == 5:
                mark_sent(draft, by=by)
            made.append(draft)
    with clock.moved_to(NOON + timedelta(minutes=20)):
        made.append(new_draft(by, lines=[line("Nobody's")]))
        made[-1].account_id = None
        delete_invoice(new_draft(by), by=by)
    session.flush()
    session.expire_all()
    return made


KEYS = {
    "newest": lambda row: (row.created_at,),
    "number": lambda row: (row.number is None, row.number or ""),
    "issued": lambda row: (row.issued_on or date.max,),
    "due": lambda row: (row.due_on or date.max,),
    "total": lambda row: (row.total_minor,),
    "balance": lambda row: (row.balance_minor,),
    "status": lambda row: (list(InvoiceStatus).index(row.status), row.created_at),
    "customer": lambda row: (
        (row.account is None, row.account.search_name, row.account.id, row.created_at) if row.account else (True,)
    ),
}


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("name", SORT_NAMES)
def test_every_sort_shows_every_invoice_once_in_both_directions(many, name, descending):
    wanted = sorted(invoices_page(InvoiceFilter(), size=100).rows, key=lambda row: (*KEYS[name](row), row.id))
    assert {row.id for row in wanted} == {row.id for row in many}
    if descending:
        wanted.reverse()
    for size in (4, 50):
        forward, back = paged(InvoiceFilter(), Order(name, descending), size)
        assert [row.id for row in forward] == [row.id for row in wanted]
        assert [row.id for row in back] == [row.id for row in wanted]


@pytest.mark.parametrize("name", SORT_NAMES)
def test_a_search_is_sorted_and_paged_like_everything_else(many, name):
    found = InvoiceFilter(search="acme")
    wanted = [
        row for row in invoices_page(InvoiceFilter(), size=100).rows if row.account and "Acme" in row.account.name
    ]
    wanted.sort(key=lambda row: (*KEYS[name](row), row.id))
    forward, back = paged(found, Order(name, descending=False), 3)
    assert [row.id for row in forward] == [row.id for row in back] == [row.id for row in wanted]


def ids(rows):
    return {row.id for row in rows}


def test_filters_show_what_they_say(many):
    def shown(**wanted):
        return ids(invoices_page(InvoiceFilter(**wanted), size=100).rows)

    def having(test):
        return {row.id for row in many if test(row)}

    assert shown(names=("draft", "paid")) == having(lambda row: row.status in ("draft", "paid"))
    assert shown(names=("void",)) == having(lambda row: row.status in ("void", "cancelled"))
    assert shown(sent="yes") == having(lambda row: row.sent_at is not None) != set()
    assert shown(sent="no", names=("open",)) == having(
        lambda row: row.status in ("open", "partially_paid") and row.sent_at is None
    )
    with clock.moved_to(NOON):
        assert shown(overdue=True) == having(lambda row: row.is_overdue(TODAY)) != set()
        assert shown(overdue=True, names=("paid",)) == set()
    yesterday = TODAY - timedelta(days=1)
    assert shown(since=yesterday, until=yesterday) == having(lambda row: row.issued_on == yesterday) != set()
    assert shown(dated="due", since=TODAY + timedelta(days=1)) == having(lambda row: row.due_on and row.due_on > TODAY)
    assert shown(names=("unpaid",)) == having(lambda row: row.status == "open") != set()
    paid = having(lambda row: row.paid_minor > 0)  # on the day of issue
    late = having(lambda row: row.paid_minor > 0 and row.issued_on == TODAY)
    assert shown(dated="paid", since=TODAY, until=TODAY) == late != set()
    assert shown(dated="paid", until=yesterday) == paid - late != set()
    account = next(row.account_id for row in many if row.account_id)
    assert shown(account_id=account) == having(lambda row: row.account_id == account)


@pytest.mark.parametrize("few", [1, 3, 2000])
@pytest.mark.parametrize("name", SORT_NAMES)
def test_what_was_not_sent_is_the_same_whether_it_is_named_or_walked_for(many, monkeypatch, name, few):
    monkeypatch.setattr(listing, "FEW_UNSENT", few)
    forward, back = paged(InvoiceFilter(sent="no"), Order(name), 4)
    wanted = [row for row in many if row.sent_at is None]
    assert ids(forward) == ids(wanted)
    assert len(forward) == len(wanted)
    assert [row.id for row in forward] == [row.id for row in back]


def test_a_filter_is_remembered_as_plain_values(team):
    wanted = InvoiceFilter("x y", ("draft",), True, "no", "due", TODAY, TODAY, UUID(int=7))
    assert InvoiceFilter.from_data(wanted.as_data()) == wanted
    assert InvoiceFilter.from_data(InvoiceFilter().as_data()) == InvoiceFilter()


def test_a_list_by_dates_is_sorted_by_them():
    assert natural_order(InvoiceFilter(dated="due", since=TODAY)) == Order("due", descending=True)
    assert natural_order(InvoiceFilter()) == Order("newest", descending=True)


@pytest.mark.parametrize("text", ["x", "W10", "WyJuZXh0IiwwLCJ4IiwieSJd", "é", "WyJuZXh0IixudWxsLG51bGwsbnVsbF0"])
@pytest.mark.parametrize("name", SORT_NAMES)
def test_a_cursor_that_cannot_be_read_starts_over(team, story, text, name):
    invoice = new_draft(story.owner)
    assert invoices_page(InvoiceFilter(), Order(name), cursor=text).rows == [invoice]


def test_tabs_count_what_they_show(many):
    with clock.moved_to(NOON):
        counts = invoice_counts()
        assert counts["all"] == 22
        assert all(counts.values()) is (counts["uncollectible"] > 0)
        for name, count in counts.items():
            found = find(TABS[name])
            assert len(invoices_page(found, size=100).rows) == count == count_invoices(found, most=100)
            assert len(invoice_ids(found, most=100)) == count
        assert count_invoices(find(InvoiceFilter()), most=5) == 5


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("inv-000001", {"first"}),
        ("000002", {"second"}),
        ("1", {"first"}),
        ("02", {"second"}),
        ("MÜLLER", {"first"}),
        ("muller", {"first"}),
        ("mu", {"first"}),
        ("espresso", {"first", "second"}),
        ("PRESS", {"first", "second"}),
        ("espresso berg", {"second"}),
        ("berg muller", set()),
        ("100%", {"second"}),
        ("0%", set()),
        ("a_b", {"first"}),
        ("a\\", set()),
        ("nothing like this", set()),
        ("\0", {"first", "second", "third"}),
    ],
)
def test_words_are_found_in_numbers_customers_and_lines(team, story, words, found):
    by = story.owner
    rows = {
        "first": new_draft(by, new_account("Müller & Co"), [line("Espresso machine a_b")]),
        "second": new_draft(by, new_account("Bergwerk"), [line("Something"), line("Two espressos, 100% arabica")]),
        "third": new_draft(by, new_account("Third"), [line("axb")]),
    }
    for name in ("first", "second"):
        finalize_invoice(rows[name], by=by)
    assert ids(invoices_page(InvoiceFilter(search=words)).rows) == {rows[name].id for name in found}
    few, counted = find(InvoiceFilter(search=words)), len(found)
    assert count_invoices(few, most=100) == counted


def test_a_search_with_too_many_matches_walks_the_list_instead(team, story, monkeypatch):
    monkeypatch.setattr("cornerspot.billing.list_filter.MOST_FOUND", 2)
    acme = new_account("Acme GmbH")
    rows = [new_draft(story.owner, acme, [line("Coffee beans")]) for _ in range(4)]
    new_draft(story.owner, new_account("Other"), [line("Tea")])
    for words in ("coffee", "acme", "coffee acme"):
        found = find(InvoiceFilter(search=words))
        assert found.is_dense
        assert ids(invoices_page(found).rows) == ids(rows)
        assert list_totals(found) is None
    assert not find(InvoiceFilter(search="tea")).is_dense


def test_the_search_shows_nothing_of_another_team_or_to_a_member(team, story, app):
    account = new_account("Needle & Sons")
    new_draft(story.owner, account, [line("Needle")])
    session.commit()
    asked = text("SELECT cardinality(search_invoices('%needle%', '%needle%', 10))")
    assert session.scalar(asked) == 2  # Once by its line, once by its customer.
    narrow_to_account(account.id)
    assert session.scalar(asked) == 0
    session.rollback()
    session.remove()
    other = open_story(app)
    with app.app_context(), team_scope(other.team):
        assert session.scalar(asked) == 0


def test_totals_add_up_what_the_filter_shows(many, story):
    with clock.moved_to(NOON):
        (euro,) = list_totals(find(InvoiceFilter()))
        unpaid = [row for row in many if row.is_unpaid]
        assert euro.outstanding_minor == sum(row.balance_minor for row in unpaid) > 0
        assert euro.overdue_minor == sum(row.balance_minor for row in unpaid if row.is_overdue(TODAY)) > 0
        assert euro.collected_minor == sum(row.paid_minor for row in many) > 0
        (paid,) = list_totals(find(InvoiceFilter(names=("paid",))))
        assert paid == ListTotals("EUR", 0, 0, sum(row.paid_minor for row in many if row.status == "paid"))
        assert list_totals(find(InvoiceFilter(names=("draft",)))) == []
        (acme,) = list_totals(find(InvoiceFilter(search="zeta")))
        assert 0 < acme.outstanding_minor < euro.outstanding_minor
    with clock.moved_to(NOON + timedelta(days=30)):
        assert list_totals(find(InvoiceFilter()))[0].collected_minor == 0  # It is April.


def test_totals_are_per_currency_the_teams_own_first(team, story):
    with clock.moved_to(NOON):
        for currency in ("USD", "EUR", "CHF"):
            finalize_invoice(new_draft(story.owner, currency=currency), by=story.owner)
        assert [one.currency for one in list_totals(find(InvoiceFilter()))] == ["EUR", "CHF", "USD"]


def pay(invoice, amount_minor, by):
    return record_manual_payment(
        invoice,
        amount_minor=amount_minor,
        method="cash",
        received_on=invoice.issued_on,
        by=by,
        request_key=f"{invoice.id}",
    )
