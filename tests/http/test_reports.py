"""Reports: receivables by age on any day, statements for the staff, and the proof of the numbers."""

from __future__ import annotations

import csv
import io
import re
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html import unescape

import pytest
from sqlalchemy import select

from cornerspot.billing.checking import check_books
from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.models import Invoice, NumberSeries
from cornerspot.billing.settings import billing_settings
from cornerspot.billing.settling import record_manual_payment
from cornerspot.billing.voiding import void_invoice
from cornerspot.billing.writing_off import reopen_invoice, write_off_invoice
from cornerspot.db import session
from cornerspot.db.transaction import transaction
from cornerspot.kit import clock
from cornerspot.kit.ids import encode_public_id
from cornerspot.reports.aging import BUCKETS, aging, owed_invoices
from cornerspot.tenancy import team_scope
from tests.factories.billing import line, new_account, new_draft

TODAY = date(2026, 6, 30)


@contextmanager
def on_day(story, day):
    moment = datetime(day.year, day.month, day.day, 10, tzinfo=UTC)
    with clock.moved_to(moment), story.app.app_context(), team_scope(story.team), transaction():
        yield


def issue(story, account, day, price="100", terms=0, **fields):
    with on_day(story, day):
        draft = new_draft(story.owner, account, [line(unit_price=price)], terms_days=terms, **fields)
        return finalize_invoice(draft, by=story.owner)


def again(invoice):
    """The invoice in the session of this day."""
    return session.scalars(select(Invoice).where(Invoice.id == invoice.id)).one()


def pay(story, invoice, minor, day):
    with on_day(story, day):
        record_manual_payment(
            again(invoice),
            amount_minor=minor,
            method="cash",
            received_on=day,
            by=story.owner,
            request_key=f"{day}{minor}",
        )


def report(story, on, today=TODAY):
    with on_day(story, today):
        return {one.currency: {row.name: row.amounts for row in one.rows} for one in aging(on)}


@pytest.fixture
def acme(story):
    with on_day(story, date(2026, 1, 2)):
        return new_account("Acme GmbH")


def test_every_day_late_falls_into_one_bucket(story, acme):
    for late in (170, 91, 90, 61, 60, 31, 30, 1, 0):
        issue(story, acme, TODAY - timedelta(days=late))
    assert report(story, TODAY) == {"EUR": {"Acme GmbH": (20000, 40000, 40000, 40000, 40000)}}


def test_what_is_not_due_yet_is_current_and_currencies_stand_apart(story, acme):
    issue(story, acme, TODAY - timedelta(days=5), currency="USD")
    issue(story, acme, TODAY, terms=30)
    assert report(story, TODAY) == {
        "EUR": {"Acme GmbH": (20000, 0, 0, 0, 0)},
        "USD": {"Acme GmbH": (0, 20000, 0, 0, 0)},
    }


def test_a_past_day_shows_what_was_owed_when_it_ended(story, acme):
    paid = issue(story, acme, date(2026, 3, 1))
    pay(story, paid, 5000, date(2026, 3, 20))
    pay(story, paid, 15000, date(2026, 4, 10))
    assert report(story, date(2026, 2, 28)) == {}
    assert report(story, date(2026, 3, 19)) == {"EUR": {"Acme GmbH": (0, 20000, 0, 0, 0)}}
    assert report(story, date(2026, 3, 20)) == {"EUR": {"Acme GmbH": (0, 15000, 0, 0, 0)}}
    assert report(story, date(2026, 4, 9)) == {"EUR": {"Acme GmbH": (0, 0, 15000, 0, 0)}}
    assert report(story, date(2026, 4, 10)) == {}
    with story.app.app_context(), team_scope(story.team):
        assert list(check_books()) == []


def test_void_and_uncollectible_are_out_from_the_day_they_became_so_and_back_when_reopened(story, acme):
    voided, written_off = issue(story, acme, date(2026, 3, 1)), issue(story, acme, date(2026, 3, 1), "1")
    with on_day(story, date(2026, 3, 11)):
        void_invoice(again(voided), by=story.owner, reason="wrong")
        write_off_invoice(again(written_off), by=story.owner, reason="gone")
    with on_day(story, date(2026, 3, 21)):
        reopen_invoice(again(written_off), by=story.owner)
    assert report(story, date(2026, 3, 10)) == {"EUR": {"Acme GmbH": (0, 20200, 0, 0, 0)}}
    assert report(story, date(2026, 3, 11)) == {}
    assert report(story, date(2026, 3, 21)) == {"EUR": {"Acme GmbH": (0, 200, 0, 0, 0)}}
    with story.app.app_context(), team_scope(story.team):
        assert list(check_books()) == []


def test_the_invoices_behind_each_number_add_up_to_it(story, acme):
    for late in (100, 40, 10, 0):
        issue(story, acme, TODAY - timedelta(days=late))
    with on_day(story, TODAY):
        (one,) = aging(TODAY)
        for row in (*one.rows, one.total):
            for bucket, minor in zip(BUCKETS, row.amounts, strict=True):
                behind = owed_invoices(TODAY, "EUR", account_id=row.account_id, bucket=bucket)
                assert sum(invoice.owed_minor for invoice in behind) == minor
        assert sum(invoice.owed_minor for invoice in owed_invoices(TODAY, "EUR")) == one.total.total_minor


def rows_of(response):
    return list(csv.reader(io.StringIO(response.get_data().decode("utf-8-sig"))))


@pytest.fixture
def owing(story):
    """A customer with two late invoices, as of the real today."""
    today = clock.today("Europe/Vienna")
    with story.app.app_context(), team_scope(story.team), transaction():
        account = new_account("=Risky & Sons")
    issue(story, account, today - timedelta(days=40))
    issue(story, account, today - timedelta(days=3), terms=30)
    return account


def test_the_page_links_each_number_to_its_invoices(client, owing, query_counter):
    with query_counter() as sent:
        page = client.get("/reports/aging")
    assert page.status_code == 200
    assert len(sent) <= 8
    account = encode_public_id("acc", owing.id)
    assert "=Risky &amp; Sons" in page.text
    behind = client.get(f"/reports/aging/invoices?currency=EUR&account={account}&bucket=60")
    assert "INV-000001" in behind.text
    assert "INV-000002" not in behind.text
    assert f"account={account}" in behind.text
    assert "dated=due" in behind.text


def test_the_chart_says_each_age_and_leads_to_its_invoices(client, owing):
    page = client.get("/reports/aging").text
    figure = page[page.index('data-chart="columns"') : page.index("</figure>")]
    assert re.findall(r'data-value="([\d.]+)" data-said="([^"]+)"', figure) == [
        ("200.00", "€200.00"), ("0.00", "€0.00"), ("200.00", "€200.00"), ("0.00", "€0.00"), ("0.00", "€0.00"),
    ]  # fmt: skip
    hrefs = [unescape(href) for href in re.findall(r'href="([^"]+)"', figure)]
    assert [("bucket=current" in href, "bucket=60" in href) for href in hrefs] == [(True, False), (False, True)]
    assert "INV-000001" in client.get(hrefs[1]).text


def test_nobody_owing_anything_has_no_chart(client):
    assert "data-chart" not in client.get("/reports/aging").text


def test_the_csv_has_every_row_and_no_formula(client, owing):
    head, row = rows_of(client.get("/reports/aging.csv"))
    assert head == ["As of", "Currency", "Account", "Current", "1–30", "31–60", "61–90", "90+", "Total"]
    assert row[1:] == ["EUR", "'=Risky & Sons", "200.00", "0.00", "200.00", "0.00", "0.00", "400.00"]


@pytest.mark.parametrize("words", ["?on=yesterday", "?on=2999-01-01", "?on=", "?on=0001-01-01"])
def test_days_that_make_no_sense_do_no_harm(client, owing, words):
    for path in ("/reports/aging", "/reports/aging.csv", "/reports/aging/invoices"):
        assert client.get(path + words).status_code == 200


def test_a_rep_may_not_see_receivables_but_statements(story, owing):
    rep = story.sign_in("rep")
    assert rep.get("/reports/aging").status_code == 403
    assert rep.get(f"/accounts/{encode_public_id('acc', owing.id)}/statement").status_code == 200


def test_the_statement_shows_movements_and_prints(client, owing):
    path = f"/accounts/{encode_public_id('acc', owing.id)}/statement"
    page = client.get(path)
    assert "INV-000001" in page.text
    assert "Closing balance" in page.text
    pdf = client.get(f"{path}/pdf")
    assert pdf.mimetype == "application/pdf"
    assert pdf.data.startswith(b"%PDF")
    assert client.get(f"{path}?since=2026-05-01&until=2026-04-01").status_code == 422
    assert client.get(f"{path}/pdf?since=2026-05-01&until=2026-04-01").status_code == 422
    assert client.get(f"{path}.csv?since=2026-05-01&until=2026-04-01").status_code == 422


def test_the_statement_for_spreadsheets_adds_up(story, client, owing):
    today = clock.now().date()
    issue(story, owing, today, currency="KWD")
    answer = client.get(f"/accounts/{encode_public_id('acc', owing.id)}/statement.csv")
    assert answer.mimetype == "text/csv"
    head, *rows = rows_of(answer)
    assert head == ["Date", "Currency", "What", "Invoice", "Method", "Amount", "Balance"]
    for code in ("EUR", "KWD"):
        opening, *moved, closing = [row for row in rows if row[1] == code]
        assert (opening[2], closing[2]) == ("Opening balance", "Closing balance")
        assert Decimal(opening[6]) + sum(Decimal(row[5]) for row in moved) == Decimal(closing[6])
    assert [today.isoformat(), "KWD", "Invoice"] in [row[:3] for row in rows]
    assert closing[6] == "200.000"


def test_the_gap_report_proves_the_series_and_lists_manual_numbers_apart(story, client):
    with story.app.app_context(), team_scope(story.team), transaction():
        for _ in range(3):
            invoice = finalize_invoice(new_draft(story.owner), by=story.owner)
        void_invoice(invoice, by=story.owner, reason="wrong")
        finalize_invoice(new_draft(story.owner, manual_number="BY-HAND"), by=story.owner)
    page = client.get("/settings/invoices/numbers")
    assert "No gap" in page.text
    assert "BY-HAND" in page.text
    _, series, manual = rows_of(client.get("/settings/invoices/numbers.csv"))
    assert series == ["All", "3", "3", "1", "INV-000001", "INV-000003", "0"]
    assert manual[0] == "Manual"
    assert manual[4] == "BY-HAND"


def test_series_that_restart_are_proved_year_by_year_and_a_hole_shows(story, client):
    with story.app.app_context(), team_scope(story.team), transaction():
        row = billing_settings()
        row.number_pattern, row.restart_yearly = "R{YYYY}-{seq:03}", True
    with on_day(story, date(2025, 12, 1)):
        account = new_account()
    for day in (date(2025, 12, 30), date(2025, 12, 31), date(2026, 1, 2)):
        issue(story, account, day)
    _, this, last = rows_of(client.get("/settings/invoices/numbers.csv"))
    assert this == ["2026", "1", "1", "0", "R2026-001", "R2026-001", "0"]
    assert last == ["2025", "2", "2", "0", "R2025-001", "R2025-002", "0"]
    with story.app.app_context(), team_scope(story.team), transaction():
        session.scalars(select(NumberSeries).where(NumberSeries.period == "2025")).one().last_value = 4
    assert "2 missing" in client.get("/settings/invoices/numbers").text
    with story.app.app_context(), team_scope(story.team):
        assert [str(finding) for finding in check_books()] == [
            "number series 2025: each value should be there, from 1 to 4, and is without 3, 4"
        ]


def test_ends_of_a_series_are_found_beside_days_with_manual_numbers_only(story, client):
    with on_day(story, date(2026, 1, 1)):
        account = new_account()
    issue(story, account, date(2026, 1, 2), manual_number="BY-HAND-1")
    for day in (3, 4):
        issue(story, account, date(2026, 1, day))
    issue(story, account, date(2026, 1, 5), manual_number="BY-HAND-2")
    _, series, *manual = rows_of(client.get("/settings/invoices/numbers.csv"))
    assert series == ["All", "2", "2", "0", "INV-000001", "INV-000002", "0"]
    assert [row[4] for row in manual] == ["BY-HAND-2", "BY-HAND-1"]


def test_the_gap_report_of_a_new_team_says_that_there_is_no_number(client):
    assert "No number yet" in client.get("/settings/invoices/numbers").text
