"""The list, its tabs and cursors; sums per account and deal."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from cornerspot.billing.deleting import delete_invoice
from cornerspot.billing.duplicating import duplicate_invoice
from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.reading import (
    copies_around,
    invoice_counts,
    invoices_page,
    payments_of,
    sums_of_account,
)
from cornerspot.billing.settling import record_manual_payment
from cornerspot.billing.voiding import void_invoice
from cornerspot.kit import clock
from tests.factories.billing import line, new_account, new_draft

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def pages(status, size):
    """Every row over all pages forward, and then all the way back."""
    page, seen = invoices_page(status=status, size=size), []
    while True:
        seen += page.rows
        if page.next_cursor is None:
            break
        page = invoices_page(status=status, size=size, after=page.next_cursor)
    back = list(page.rows)
    while page.previous_cursor is not None:
        page = invoices_page(status=status, size=size, before=page.previous_cursor)
        back = page.rows + back
    return seen, back


@pytest.mark.parametrize("status", ["all", "open"])
def test_paging_shows_every_invoice_once_in_both_directions(team, story, status):
    account = new_account()
    made = []
    for minute in range(7):
        with clock.moved_to(NOON + timedelta(minutes=minute // 2)):
            invoice = finalize_invoice(new_draft(story.owner, account), by=story.owner)
            if minute % 3 == 0:
                pay(invoice, 100, story.owner)
            made.append(invoice)
    with clock.moved_to(NOON):
        forward, back = pages(status, 3)
    assert [row.id for row in forward] == [row.id for row in sorted(made, key=lambda r: (r.created_at, r.id))[::-1]]
    assert [row.id for row in back] == [row.id for row in forward]


def test_a_cursor_that_cannot_be_read_starts_over(team, story):
    invoice = new_draft(story.owner)
    for text in ("x", "W10", "WyIyMDI2LTAxLTAxIiwieCJd", "é"):
        assert invoices_page(after=text).rows == [invoice]


def test_tabs_count_what_they_show(team, story):
    with clock.moved_to(NOON):
        new_draft(story.owner)
        delete_invoice(new_draft(story.owner), by=story.owner)
        finalize_invoice(new_draft(story.owner), by=story.owner)
        late = finalize_invoice(new_draft(story.owner, terms_days=0, invoice_on=date(2026, 3, 10)), by=story.owner)
        paid = finalize_invoice(new_draft(story.owner), by=story.owner)
        pay(paid, paid.total_minor, story.owner)
        void_invoice(finalize_invoice(new_draft(story.owner), by=story.owner), by=story.owner)
    with clock.moved_to(NOON + timedelta(days=1)):
        counts = invoice_counts()
        assert counts == {"all": 5, "draft": 1, "open": 2, "overdue": 1, "paid": 1, "uncollectible": 0, "void": 1}
        for status, count in counts.items():
            assert len(invoices_page(status=status).rows) == count
        assert invoices_page(status="overdue").rows == [late]
        assert late.is_overdue(date(2026, 3, 11))


def test_sums_leave_drafts_and_void_invoices_out(team, story):
    account = new_account()
    with clock.moved_to(NOON):
        new_draft(story.owner, account)
        void_invoice(finalize_invoice(new_draft(story.owner, account), by=story.owner), by=story.owner)
        first = finalize_invoice(new_draft(story.owner, account, terms_days=0), by=story.owner)
        pay(first, 5000, story.owner)
        finalize_invoice(
            new_draft(story.owner, account, currency="JPY", lines=[line(unit_price="700")]), by=story.owner
        )
    with clock.moved_to(NOON + timedelta(days=1)):
        euro, yen = sums_of_account(account.id)
    assert (euro.currency, euro.count, euro.invoiced_minor, euro.paid_minor) == ("EUR", 1, 20000, 5000)
    assert (euro.outstanding_minor, euro.overdue_minor) == (15000, 15000)
    assert (yen.currency, yen.invoiced_minor, yen.overdue_minor) == ("JPY", 1400, 0)


def test_payments_and_copies_are_found_from_both_sides(team, story):
    invoice = finalize_invoice(new_draft(story.owner), by=story.owner)
    payment = pay(invoice, 100, story.owner)
    copy = duplicate_invoice(invoice, by=story.owner)
    assert [(row.payment, row.amount_minor) for row in payments_of(invoice)] == [(payment, 100)]
    assert copies_around(copy) == (invoice, [])
    assert copies_around(invoice) == (None, [copy])


def pay(invoice, amount_minor, by):
    return record_manual_payment(
        invoice,
        amount_minor=amount_minor,
        method="cash",
        received_on=invoice.issued_on,
        by=by,
        request_key=f"{invoice.id}",
    )
