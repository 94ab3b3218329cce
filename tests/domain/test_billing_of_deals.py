"""A deal line is billed once: marked, released, claimed again, refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select

from cornerspot.billing.cancelling import cancel_invoice
from cornerspot.billing.deal_billing import (
    AlreadyBilled,
    bill_deal_lines,
    billed_lines,
    line_to_bill,
    unbilled_lines,
)
from cornerspot.billing.deal_once import split_discounts, taken_discounts
from cornerspot.billing.deleting import delete_invoice, purge_deleted_invoices, restore_invoice
from cornerspot.billing.drafting import DraftInput, create_draft, draft_input, update_draft
from cornerspot.billing.duplicating import duplicate_invoice
from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.models import BilledDealLine, Invoice
from cornerspot.billing.voiding import void_invoice
from cornerspot.db import session
from cornerspot.kit import clock
from cornerspot.kit.errors import Conflict, IllegalTransition, NotFound
from tests.factories.billing import line, new_account, new_deal, new_draft


@pytest.fixture
def deal(team):
    return new_deal(new_account(), [line("Setup"), line("Licences", quantity="5")])


def bill(deal, by):
    """A draft for everything that is left of the deal."""
    unbilled = unbilled_lines(deal)
    entered = DraftInput(
        account=deal.account,
        currency=deal.currency,
        lines=[line_to_bill(part) for part in unbilled],
        discounts=discounts_left(deal),
    )
    invoice = create_draft(entered, by=by, deal=deal, origin="deal")
    bill_deal_lines(invoice, deal, unbilled, invoice.lines)
    return invoice


def discounts_left(deal):
    return split_discounts(deal.discounts, taken_discounts(deal))[0]


def quantities(deal):
    return [(part.line.description, part.quantity, part.part) for part in unbilled_lines(deal)]


def test_a_billed_line_is_not_left_to_bill(deal, story):
    assert quantities(deal) == [("Setup", 2, 0), ("Licences", 5, 0)]
    invoice = bill(deal, story.owner)
    assert quantities(deal) == []
    assert [(row.invoice.id, row.quantity) for row in billed_lines(deal)] == [(invoice.id, 2), (invoice.id, 5)]
    assert invoice.total_minor == deal.total_minor


def test_a_line_cannot_be_billed_twice(deal, story):
    unbilled = unbilled_lines(deal)
    finalize_invoice(bill(deal, story.owner), by=story.owner)
    second = new_draft(story.owner, deal.account, lines=[line_to_bill(part) for part in unbilled])
    with pytest.raises(AlreadyBilled, match="INV-000001"):
        bill_deal_lines(second, deal, unbilled, second.lines)


@pytest.mark.parametrize("step", ["void", "cancel", "delete"])
def test_an_invoice_that_is_withdrawn_releases_its_lines(deal, story, step):
    invoice = bill(deal, story.owner)
    if step == "void":
        void_invoice(finalize_invoice(invoice, by=story.owner), by=story.owner)
    elif step == "cancel":
        cancel_invoice(invoice, by=story.owner)
    else:
        delete_invoice(invoice, by=story.owner)
    assert quantities(deal) == [("Setup", 2, 0), ("Licences", 5, 0)]
    bill(deal, story.owner)
    assert quantities(deal) == []


def test_added_quantity_can_be_billed_and_reduced_is_flagged(deal, story):
    bill(deal, story.owner)
    deal.lines[1].quantity = Decimal(8)
    deal.lines[0].quantity = Decimal(1)
    assert quantities(deal) == [("Licences", 3, 1)]
    assert [row.reduced for row in billed_lines(deal)] == [True, False]


def test_fixed_discounts_are_given_once(team, story):
    fixed = {"key": "", "name": "Discount", "amount_minor": 1000}
    percent = {"key": "", "name": "Discount", "percent": "10"}
    deal = new_deal(new_account(), [line(discounts=(fixed, percent))])
    deal.discounts = [fixed, percent]
    assert discounts_left(deal) == (fixed, percent)
    bill(deal, story.owner)
    deal.lines[0].quantity += 1
    (rest,) = unbilled_lines(deal)
    assert line_to_bill(rest).discounts == (percent,)
    assert discounts_left(deal) == (percent,)


def test_an_edited_draft_bills_what_its_lines_say(deal, story):
    invoice = bill(deal, story.owner)
    entered = draft_input(invoice)
    setup, licences = entered.lines
    from dataclasses import replace

    changed = replace(entered, lines=[replace(licences, quantity=Decimal(4))])
    update_draft(invoice, changed, seen_version=1, by=story.owner)
    session.flush()
    assert quantities(deal) == [("Setup", 2, 0), ("Licences", 1, 1)]
    assert setup.id is not None


def test_a_restored_draft_bills_its_lines_again(deal, story):
    invoice = bill(deal, story.owner)
    delete_invoice(invoice, by=story.owner)
    restore_invoice(invoice, by=story.owner)
    assert quantities(deal) == []


def test_a_draft_whose_lines_went_elsewhere_is_not_restored(deal, story):
    invoice = bill(deal, story.owner)
    delete_invoice(invoice, by=story.owner)
    finalize_invoice(bill(deal, story.owner), by=story.owner)
    with pytest.raises(AlreadyBilled, match="INV-000001"):
        restore_invoice(invoice, by=story.owner)


def test_the_trash_keeps_a_draft_for_thirty_days(team, story):
    invoice = new_draft(story.owner)
    copy = duplicate_invoice(invoice, by=story.owner)
    delete_invoice(invoice, by=story.owner)
    assert purge_deleted_invoices() == 0
    with clock.moved_to(clock.now() + _days(31)):
        with pytest.raises(NotFound):
            restore_invoice(invoice, by=story.owner)
        assert purge_deleted_invoices() == 1
    assert session.scalars(select(Invoice)).all() == [copy]


def test_a_finalized_invoice_is_neither_deleted_nor_cancelled(team, story):
    invoice = finalize_invoice(new_draft(story.owner), by=story.owner)
    with pytest.raises(Conflict, match="Void it"):
        delete_invoice(invoice, by=story.owner)
    with pytest.raises(IllegalTransition, match="Void it"):
        cancel_invoice(invoice, by=story.owner)


def test_a_copy_has_the_lines_and_texts_and_none_of_the_life(deal, story):
    invoice = finalize_invoice(bill(deal, story.owner), by=story.owner)
    copy = duplicate_invoice(invoice, by=story.owner)
    assert (copy.status, copy.number, copy.deal_id, copy.copied_from_id) == ("draft", None, None, invoice.id)
    assert [row.description for row in copy.lines] == ["Setup", "Licences"]
    assert copy.total_minor == invoice.total_minor
    assert session.scalars(select(BilledDealLine).where(BilledDealLine.invoice_id == copy.id)).all() == []


def test_a_copy_can_be_final_at_once(team, story):
    invoice = finalize_invoice(new_draft(story.owner), by=story.owner)
    assert duplicate_invoice(invoice, by=story.owner, finalize=True).number == "INV-000002"


def _days(number):
    from datetime import timedelta

    return timedelta(days=number)
