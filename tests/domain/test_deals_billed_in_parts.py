"""A deal that is billed on several invoices: never more than was sold, discounts given once, in full."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from cornerspot.billing.deal_billing import AlreadyBilled, MoreThanSold
from cornerspot.billing.deleting import delete_invoice, restore_invoice
from cornerspot.billing.drafting import draft_input, update_draft
from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.invoicing_deals import deal_to_bill, deal_with_lines, draft_for_deal
from cornerspot.billing.models import BilledDealLine, Invoice
from cornerspot.billing.settings import billing_settings
from cornerspot.billing.voiding import void_invoice
from cornerspot.catalog.lines import reckon
from cornerspot.conversion.reading import read_deal, read_plan
from cornerspot.crm.deals import DealInput, update_deal
from cornerspot.db import session
from tests.factories.conversion import converted
from tests.factories.crm import make_deal, make_line
from tests.faults.invariants import require_sound_books

VAT_20 = {"key": "vat-20", "name": "VAT", "percent": "20"}


def fixed(minor, key="welcome"):
    return {"key": key, "name": "Welcome", "amount_minor": minor}


def give(deal, discounts):
    """The deal has these discounts of its own."""
    deal = read_deal(deal.id)
    deal.discounts = discounts
    reckon(deal, deal.lines)
    session.flush()


def bill(deal, by, **changes):
    """Create Invoice as its form is prefilled, with what a person changed."""
    deal = deal_with_lines(deal.id)
    return draft_for_deal(deal, replace(deal_to_bill(deal), **changes), by=by)


def bill_quantities(deal, by, *quantities):
    entered = deal_to_bill(deal_with_lines(deal.id))
    pairs = zip(entered.lines, quantities, strict=True)
    return bill(deal, by, lines=[replace(line, quantity=Decimal(quantity)) for line, quantity in pairs])


def edit_quantity(invoice, quantity, by):
    session.flush()
    found = session.get_one(
        Invoice,
        (invoice.tenant_id, invoice.id),
        options=[selectinload(Invoice.lines), selectinload(Invoice.account), selectinload(Invoice.contact)],
        populate_existing=True,
    )
    entered = draft_input(found)
    lines = [replace(entered.lines[0], quantity=Decimal(quantity)), *entered.lines[1:]]
    update_draft(found, replace(entered, lines=lines), seen_version=found.version, by=by)
    session.flush()


def add_line(deal, line, by):
    """The deal's form, sent with one line more."""
    deal = read_deal(deal.id)
    kept = tuple(
        make_line(
            row.description,
            row.quantity,
            row.unit_price,
            id=row.id,
            frequency=row.frequency,
            term_months=row.term_months,
        )
        for row in deal.lines
    )
    entered = DealInput(
        deal.name,
        deal.currency,
        account_id=deal.account_id,
        discounts=tuple(deal.discounts),
        taxes=tuple(deal.taxes),
        lines=(*kept, line),
    )
    update_deal(deal, entered, by=by)
    return read_deal(deal.id)


@pytest.fixture
def seats(team, story):
    """A won deal of ten seats at 25.00."""
    return make_deal(lines=[make_line("Seats", "10", "25")], won=True, by=story.owner)


@pytest.mark.parametrize("quantity", ["10.0001", "11", "-1"])
def test_an_invoice_bills_no_more_than_the_deal_has_left(seats, story, quantity):
    with pytest.raises(MoreThanSold, match="only 10 of “Seats” left"):
        bill_quantities(seats, story.owner, quantity)


def test_parts_bill_exactly_the_whole(seats, story):
    for quantity in ("2.5", "0.25", "7.25"):
        bill_quantities(seats, story.owner, quantity)
    assert deal_to_bill(deal_with_lines(seats.id)).lines == []
    require_sound_books()


def test_a_draft_cannot_grow_into_what_another_invoice_bills(seats, story):
    first = bill_quantities(seats, story.owner, "4")
    bill_quantities(seats, story.owner, "6")
    with pytest.raises(MoreThanSold, match="only 4 of “Seats” left"):
        edit_quantity(first, "5", story.owner)


def test_a_draft_grows_as_far_as_the_deal_goes(seats, story):
    first = bill_quantities(seats, story.owner, "4")
    edit_quantity(first, "10", story.owner)
    assert deal_to_bill(deal_with_lines(seats.id)).lines == []
    require_sound_books()


def test_a_draft_of_a_deal_that_was_reduced_can_still_shrink(seats, story):
    first = bill_quantities(seats, story.owner, "10")
    deal_with_lines(seats.id).lines[0].quantity = Decimal(3)
    edit_quantity(first, "8", story.owner)
    edit_quantity(first, "3", story.owner)
    assert (first.lines[0].quantity, first.total_minor) == (3, 7500)
    assert deal_to_bill(deal_with_lines(seats.id)).lines == []
    require_sound_books()


def test_a_draft_in_the_trash_does_not_come_back_beyond_the_deal(seats, story):
    first = bill_quantities(seats, story.owner, "4")
    delete_invoice(first, by=story.owner)
    bill_quantities(seats, story.owner, "10")
    with pytest.raises(AlreadyBilled):
        restore_invoice(first, by=story.owner)


def test_a_draft_in_the_trash_comes_back_beside_another_part(seats, story):
    first = bill_quantities(seats, story.owner, "4")
    bill_quantities(seats, story.owner, "6")
    delete_invoice(first, by=story.owner)
    restore_invoice(first, by=story.owner)
    assert deal_to_bill(deal_with_lines(seats.id)).lines == []
    require_sound_books()


def test_a_draft_in_the_trash_comes_back_as_the_next_part(seats, story):
    first, second = two_parts(seats, story.owner)
    assert {row.part for row in live_parts()} == {0}
    restore_invoice(first, by=story.owner)
    assert {row.invoice_id: row.part for row in live_parts()} == {first.id: 1, second.id: 0}
    assert deal_to_bill(deal_with_lines(seats.id)).lines[0].quantity == 1
    require_sound_books()


def test_a_draft_does_not_come_back_with_a_discount_on_a_line_that_was_given_meanwhile(seats, story):
    deal_with_lines(seats.id).lines[0].discounts = [fixed(1000)]
    first, second = two_parts(seats, story.owner)
    assert (first.total_minor, second.total_minor) == (9000, 11500)
    with pytest.raises(AlreadyBilled, match="already billed on a draft invoice"):
        restore_invoice(first, by=story.owner)


def test_a_draft_does_not_come_back_with_a_discount_of_the_deal_that_was_given_meanwhile(seats, story):
    give(seats, [fixed(1000)])
    first, second = two_parts(seats, story.owner)
    assert (first.total_minor, second.total_minor) == (9000, 11500)
    with pytest.raises(AlreadyBilled, match="“Welcome” was given on another invoice"), session.begin_nested():
        restore_invoice(first, by=story.owner)
    delete_invoice(second, by=story.owner)
    restore_invoice(first, by=story.owner)
    assert deal_to_bill(deal_with_lines(seats.id)).discounts == ()


def two_parts(deal, by):
    """A draft of four seats, in the Trash, and one of five that was made when it was there."""
    first = bill(deal, by)
    edit_quantity(first, "4", by)
    delete_invoice(first, by=by)
    second = bill(deal, by)
    edit_quantity(second, "5", by)
    return first, second


def live_parts():
    return session.scalars(select(BilledDealLine).where(BilledDealLine.released_at.is_(None))).all()


def test_create_invoice_gives_the_deals_discount_beside_recurring_lines_too(team, story):
    lines = [make_line("Set-up", "1", "500"), make_line("Support", "1", "20", frequency="monthly")]
    deal = make_deal(lines=lines, won=True, by=story.owner)
    give(deal, [fixed(5000)])
    assert read_plan(read_deal(deal.id)).totals.total_minor == 45000
    assert bill(deal, story.owner).total_minor == 45000


def test_a_discount_larger_than_the_first_invoice_goes_on_with_the_next(team, story):
    deal = make_deal(lines=[make_line("Set-up", "1", "300")], won=True, by=story.owner)
    give(deal, [fixed(50000)])
    first = converted(read_deal(deal.id), by=story.owner, finalize=True)
    deal = add_line(deal, make_line("Training", "1", "400"), story.owner)
    second = converted(deal, by=story.owner)
    assert (first.total_minor, second.total_minor) == (0, 20000)
    assert first.total_minor + second.total_minor == deal.total_minor


def test_a_discount_that_was_raised_later_gives_only_the_difference(team, story):
    deal = make_deal(lines=[make_line("Set-up", "1", "300")], won=True, by=story.owner)
    give(deal, [fixed(5000)])
    converted(read_deal(deal.id), by=story.owner)
    give(deal, [fixed(8000)])
    deal = add_line(deal, make_line("Training", "1", "400"), story.owner)
    assert converted(deal, by=story.owner).total_minor == 40000 - 3000


def test_a_value_without_lines_is_billed_once(team, story):
    deal = make_deal(lines=[], value_minor=500000, won=True, by=story.owner)
    first = bill(deal, story.owner)
    assert first.total_minor == 500000
    with pytest.raises(AlreadyBilled, match="draft invoice"), session.begin_nested():
        draft_for_deal(deal, replace(draft_input(first), lines=[make_line("Again", "1", "1")]), by=story.owner)
    void_invoice(finalize_invoice(first, by=story.owner), by=story.owner)
    assert bill(deal, story.owner).total_minor == 500000


def test_a_value_without_lines_is_billed_in_instalments(team, story):
    deal = make_deal(lines=[], value_minor=500000, won=True, by=story.owner)
    first = bill(deal, story.owner, lines=[make_line("Half", "1", "2500")])
    rest = bill(deal, story.owner)
    assert rest.subtotal_minor == 250000
    delete_invoice(first, by=story.owner)
    bill(deal, story.owner)
    with pytest.raises(AlreadyBilled):
        restore_invoice(first, by=story.owner)


@pytest.mark.parametrize("parts", [("3", "3", "4"), ("1",) * 10, ("0.3333", "9.6667")])
@pytest.mark.parametrize("inclusive", [False, True])
def test_parts_differ_from_the_deal_by_half_a_unit_per_rounding_at_most(team, story, parts, inclusive):
    """Each invoice rounds its lines, percentages and rates for itself; nothing else differs."""
    line = replace(make_line("Seats", "10", "33.333333"), taxes=(VAT_20,))
    deal = make_deal(lines=[line], won=True, by=story.owner, prices_include_tax=inclusive)
    deal = read_deal(deal.id)
    give(deal, [{"key": "", "name": "Discount", "percent": "7.5"}])
    whole = read_plan(read_deal(deal.id)).totals.total_minor
    totals = [bill_quantities(deal, story.owner, quantity).total_minor for quantity in parts]
    roundings = 3 * (len(parts) + 1)  # line, document discount and rate, on each invoice and on the deal
    assert 2 * abs(sum(totals) - whole) <= roundings
    require_sound_books()


def test_invoices_of_a_deal_say_what_the_team_says_by_default(seats, story):
    settings = billing_settings()
    settings.default_notes, settings.default_terms_text = "Thank you", "Interest by law"
    created, converts = bill_quantities(seats, story.owner, "4"), converted(read_deal(seats.id), by=story.owner)
    assert {(row.notes, row.terms_text) for row in (created, converts)} == {("Thank you", "Interest by law")}
