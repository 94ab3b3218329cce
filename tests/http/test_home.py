"""The first page: money per currency with charts that are tables too, deals by stage, first steps."""

from __future__ import annotations

import itertools
import re
from datetime import UTC, datetime, time, timedelta

import pytest

from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.settling import record_manual_payment
from cornerspot.billing.voiding import void_invoice
from cornerspot.db.transaction import transaction
from cornerspot.kit import clock
from cornerspot.reports.cashflow import cashflows
from cornerspot.tenancy import team_scope
from tests.factories.billing import line, new_account, new_deal, new_draft

TODAY = clock.today("Europe/Vienna")


def issued(by, account, **fields):
    return finalize_invoice(new_draft(by, account, [line()], **fields), by=by)


def pay(by, invoice, minor, day):
    record_manual_payment(
        invoice, amount_minor=minor, method="cash", received_on=day, by=by, request_key=f"{invoice.id}{minor}"
    )


@pytest.fixture
def busy(story):
    """A late invoice, one due in ten days, a part paid today, a void one, dollars, and a won deal."""
    by = story.owner
    long_ago = datetime.combine(TODAY - timedelta(days=40), time(10), UTC)
    with story.app.app_context(), team_scope(story.team):
        with clock.moved_to(long_ago), transaction():
            acme = new_account()
            issued(by, acme, terms_days=10)
        with transaction():
            part = issued(by, acme, terms_days=10)
            pay(by, part, 5000, TODAY)
            void_invoice(issued(by, acme), by=by, reason="wrong")
            issued(by, acme, terms_days=60, currency="USD")
            new_deal(acme, [line()], stage_class="open")
    return story


def test_the_sums_of_each_currency_are_those_of_its_invoices(busy):
    with busy.app.app_context(), team_scope(busy.team):
        euro, dollar = cashflows()
    assert (euro.currency, dollar.currency) == ("EUR", "USD")
    assert (euro.outstanding.minor, euro.outstanding.count) == (35000, 2)
    assert (euro.overdue.minor, euro.overdue.count) == (20000, 1)
    assert (euro.this_month.minor, euro.last_month.minor) == (5000, 0)
    assert [week.expected.minor for week in euro.weeks] == [0, 15000, 0, 0]
    fates = {status.value: (total.minor, total.count) for status, total in euro.fates}
    assert fates == {
        "open": (20000, 1),
        "partially_paid": (20000, 1),
        "paid": (0, 0),
        "uncollectible": (0, 0),
        "void": (20000, 1),
    }
    assert (dollar.outstanding.minor, dollar.expected.minor) == (20000, 0)


def test_the_thirty_days_are_whole_and_do_not_overlap(busy):
    with busy.app.app_context(), team_scope(busy.team):
        weeks = cashflows()[0].weeks
    assert (weeks[0].since, weeks[-1].until) == (TODAY, TODAY + timedelta(days=29))
    assert all(later.since - earlier.until == timedelta(days=1) for earlier, later in itertools.pairwise(weeks))


def test_the_page_shows_one_currency_at_a_time(busy, client):
    page = client.get("/")
    assert "€350.00" in page.text
    assert "$200.00" not in page.text
    assert 'aria-label="Currency"' in page.text
    assert "$200.00" in client.get("/?currency=USD").text
    assert "€350.00" in client.get("/?currency=nothing").text


def test_each_chart_has_a_table_and_each_bar_leads_to_its_list(busy, client):
    page = client.get("/")
    assert page.text.count('<figure class="chart"') == page.text.count('<caption class="visually-hidden">') == 4
    links = re.findall(r'<th scope="row"><a href="([^"]+)"', page.text)
    assert len(links) >= 4 + 6 + 5
    for href in set(links):
        assert client.get(href.replace("&amp;", "&")).status_code == 200


def test_what_was_collected_leads_to_the_invoices_that_it_settled(busy, client):
    page = client.get("/").text
    href = f"/invoices?dated=paid&amp;since={TODAY.replace(day=1)}&amp;until="
    assert href in page
    [found] = {one for one in re.findall(r'href="[^"]*(/invoices\?[^"]+)"', page) if one.startswith(href)}
    shown = client.get(found.replace("&amp;", "&")).text
    assert "Paid 1" in shown, "the chip says which days"


def test_it_takes_few_statements_however_much_there_is(busy, client, query_counter):
    client.get("/")
    with query_counter() as sent:
        assert client.get("/").status_code == 200
    assert len(sent) <= 8, sent


def test_a_new_team_sees_first_steps_and_no_empty_chart(client):
    page = client.get("/")
    assert "First steps" in page.text
    assert "Nobody owes you anything" in page.text
    assert "Expected in the next 30 days" not in page.text


def test_the_page_has_no_inline_script_or_style(busy, client):
    page = client.get("/").text
    assert " style=" not in page
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
