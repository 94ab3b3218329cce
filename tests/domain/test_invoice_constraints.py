"""The last word is the database's: wrong money is refused there, even when no code of ours looks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from cornerspot.billing.cancelling import cancel_invoice
from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.invoicing_deals import deal_to_bill, deal_with_lines, draft_for_deal
from cornerspot.billing.models import BilledDealLine
from cornerspot.db import session
from cornerspot.kit import ids
from tests.factories.billing import line, new_draft
from tests.factories.conversion import converted
from tests.factories.crm import make_deal


@pytest.fixture
def open_invoice(team, story):
    """200.00 owed."""
    return finalize_invoice(new_draft(story.owner, lines=[line()]), by=story.owner)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("status = 'void', voided_at = now(), paid_minor = 20001, balance_minor = -1", "paid_(range|fits_status)"),
        ("status = 'void', voided_at = now(), paid_minor = -1, balance_minor = 20001", "paid_(range|fits_status)"),
        ("status = 'uncollectible', paid_minor = 20000, balance_minor = 0", "paid_fits_status"),
        ("status = 'uncollectible'", "written_off_fits_status"),
        ("written_off_at = now()", "written_off_fits_status"),
        ("value_part = 0", "value_part_of_deal"),
        ("balance_minor = 19999", "balance_adds_up"),
        ("total_minor = 20001, balance_minor = 20001", "amounts_add_up"),
        (
            "status = 'void', voided_at = now(), total_minor = -1, subtotal_minor = -1, balance_minor = -1",
            "total_not_negative",
        ),
        ("paid_minor = 1, balance_minor = 19999", "paid_fits_status"),
        ("status = 'paid'", "paid_fits_status"),
        ("status = 'partially_paid'", "paid_fits_status"),
        ("status = 'partially_paid', paid_minor = 20000, balance_minor = 0", "paid_fits_status"),
        ("status = 'draft'", "number_fits_status"),
        ("number = NULL", "number_fits_status"),
        ("status = 'void'", "voided_fits_status"),
        ("voided_at = now()", "voided_fits_status"),
        ("deleted_at = now()", "only_drafts_in_trash"),
        ("status = 'settled'", "status_known"),
    ],
)
def test_an_invoice_that_does_not_add_up_cannot_be_stored(open_invoice, change, constraint):
    with pytest.raises(IntegrityError, match=constraint):
        session.execute(text(f"UPDATE invoices SET {change} WHERE id = :id"), {"id": open_invoice.id})


def test_a_number_exists_once(team, story, open_invoice):
    other = finalize_invoice(new_draft(story.owner), by=story.owner)
    with pytest.raises(IntegrityError, match="uq_invoices_tenant_id_number"):
        session.execute(
            text("UPDATE invoices SET number = :number WHERE id = :id"),
            {"number": open_invoice.number, "id": other.id},
        )


def test_a_part_of_a_deal_line_has_one_live_invoice(team, story):
    invoice = converted(make_deal(won=True, by=story.owner), by=story.owner)
    row = session.scalars(select(BilledDealLine).where(BilledDealLine.invoice_id == invoice.id)).first()
    columns = ("deal_id", "deal_line_id", "invoice_id", "invoice_line_id", "part", "quantity")
    session.add(BilledDealLine(id=ids.new_id(), **{name: getattr(row, name) for name in columns}))
    with pytest.raises(IntegrityError, match="uq_billed_deal_lines_live"):
        session.flush()


@pytest.mark.parametrize("change", ["to_status = 'paid'", "reason = 'Forged'"])
def test_the_history_of_an_invoice_is_not_rewritten(open_invoice, change):
    with pytest.raises(Exception, match=r"permission denied|append"):
        session.execute(
            text(f"UPDATE invoice_transitions SET {change} WHERE invoice_id = :id"), {"id": open_invoice.id}
        )


def test_a_part_of_a_deals_value_has_one_live_invoice(team, story):
    deal = make_deal(lines=[], value_minor=500000, won=True, by=story.owner)
    first, second = (_instalment(deal, story.owner) for _ in range(2))
    assert (first.value_part, second.value_part) == (0, 1)
    cancel_invoice(first, by=story.owner)
    third = _instalment(deal, story.owner)
    assert third.value_part == 0
    with pytest.raises(IntegrityError, match="uq_invoices_live_value_part"):
        session.execute(text("UPDATE invoices SET value_part = 1 WHERE id = :id"), {"id": third.id})


def _instalment(deal, by):
    """Create Invoice for a fifth of the deal's value."""
    deal = deal_with_lines(deal.id)
    return draft_for_deal(deal, replace(deal_to_bill(deal), lines=[line(unit_price="500")]), by=by)
