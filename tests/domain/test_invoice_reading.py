"""Sums per account and deal, and copies of an invoice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cornerspot.billing.duplicating import duplicate_invoice
from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.reading import (
    copies_around,
    sums_of_account,
)
from cornerspot.billing.settling import record_manual_payment
from cornerspot.billing.voiding import void_invoice
from cornerspot.kit import clock
from tests.factories.billing import line, new_account, new_draft

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


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


def test_copies_are_found_from_both_sides(team, story):
    invoice = finalize_invoice(new_draft(story.owner), by=story.owner)
    copy = duplicate_invoice(invoice, by=story.owner)
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
