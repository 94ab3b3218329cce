"""Finalizing: number, dates, frozen copy; refused with the reason."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from cornerspot.billing import finalizing
from cornerspot.billing.finalizing import finalize_invoice, preview_finalization
from cornerspot.billing.models import BillingSettings, Invoice, InvoiceTax, InvoiceTransition
from cornerspot.billing.states import FINALIZED
from cornerspot.billing.voiding import void_invoice
from cornerspot.db import session
from cornerspot.kit import clock
from cornerspot.kit.errors import Conflict, IllegalTransition, Invalid, LimitReached, PermissionDenied
from cornerspot.plans.assigning import assign_plan
from cornerspot.plans.features import Limit
from cornerspot.plans.models import PlanOverride
from tests.factories.billing import VAT_19, line, new_account, new_contact, new_draft

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def tenth_of_march():
    with clock.moved_to(NOON):
        yield


def test_a_draft_becomes_open_with_number_and_dates(team, story):
    invoice = new_draft(story.owner, terms_days=15)
    finalize_invoice(invoice, by=story.owner)
    assert (invoice.status, invoice.number) == ("open", "INV-000001")
    assert (invoice.issued_on, invoice.due_on) == (date(2026, 3, 10), date(2026, 3, 25))
    assert invoice.finalized_at == NOON


def test_today_is_a_day_in_the_teams_zone(team, story):
    with clock.moved_to(datetime(2026, 3, 10, 23, 30, tzinfo=UTC)):  # Half past midnight in Vienna.
        invoice = finalize_invoice(new_draft(story.owner), by=story.owner)
    assert invoice.issued_on == date(2026, 3, 11)


def test_the_breakdown_of_taxes_is_kept_in_rows(team, story):
    reduced = {"key": "vat-7", "name": "VAT", "percent": "7"}
    invoice = new_draft(story.owner, lines=[line(taxes=(VAT_19,)), line(taxes=(reduced,)), line(taxes=(VAT_19,))])
    finalize_invoice(invoice, by=story.owner)
    rows = session.scalars(
        select(InvoiceTax).where(InvoiceTax.invoice_id == invoice.id).order_by(InvoiceTax.position)
    ).all()
    assert [(row.tax_key, row.base_minor, row.tax_minor) for row in rows] == [
        ("vat-7", 20000, 1400),
        ("vat-19", 40000, 7600),
    ]


def test_names_and_addresses_are_copied_for_ever(team, story):
    account = new_account("Acme GmbH", legal_name="Acme Gesellschaft mbH", tax_id="DE 123")
    invoice = new_draft(story.owner, account, contact=new_contact(account), notes="Thank you")
    finalize_invoice(invoice, by=story.owner)
    account.legal_name = "Renamed"
    session.flush()
    assert "Acme Gesellschaft mbH" in str(invoice.frozen)
    assert "Muster & Söhne GmbH" in str(invoice.frozen)
    assert "Renamed" not in str(invoice.frozen)


def test_a_total_of_zero_is_paid_at_once(team, story):
    invoice = finalize_invoice(new_draft(story.owner, lines=[line(unit_price="0")]), by=story.owner)
    assert (invoice.status, invoice.paid_at) == ("paid", NOON)


def test_the_step_is_on_record(team, story):
    invoice = finalize_invoice(new_draft(story.owner), by=story.owner)
    steps = session.scalars(
        select(InvoiceTransition).where(InvoiceTransition.invoice_id == invoice.id).order_by(InvoiceTransition.id)
    ).all()
    assert [(step.from_status, step.to_status) for step in steps] == [(None, "draft"), ("draft", "open")]


def test_a_finalized_invoice_cannot_be_finalized_again(team, story):
    invoice = finalize_invoice(new_draft(story.owner), by=story.owner)
    with pytest.raises(IllegalTransition):
        finalize_invoice(invoice, by=story.owner)
    assert invoice.number == "INV-000001"


@pytest.mark.parametrize("status", sorted(FINALIZED))
def test_no_final_status_leads_through_finalizing_again(status):
    with pytest.raises(IllegalTransition, match="finalized"):
        finalizing._require_draft(status)


def test_numbers_go_up_by_one_and_a_refused_one_is_given_back(team, story):
    numbers = [finalize_invoice(new_draft(story.owner), by=story.owner).number for _ in range(3)]
    assert numbers == ["INV-000001", "INV-000002", "INV-000003"]
    session.commit()
    finalize_invoice(new_draft(story.owner), by=story.owner)
    session.rollback()
    assert finalize_invoice(new_draft(story.owner), by=story.owner).number == "INV-000004"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"lines": []}, "Add a line"),
        ({"lines": [line(quantity="-1")]}, "below zero"),
        ({"invoice_on": date(2026, 3, 11)}, "after today"),
        ({"chosen_due_on": date(2026, 3, 9)}, "before the invoice date"),
    ],
)
def test_a_draft_that_is_no_invoice_is_refused_with_the_reason(team, story, fields, words):
    invoice = new_draft(story.owner, **fields)
    assert words in preview_finalization(invoice).refusal
    with pytest.raises((Invalid, Conflict), match=words):
        finalize_invoice(invoice, by=story.owner)


def test_a_draft_without_a_customer_is_refused(team, story):
    invoice = new_draft(story.owner)
    invoice.account, invoice.account_id = None, None
    with pytest.raises(Invalid, match="Choose a customer"):
        finalize_invoice(invoice, by=story.owner)


def test_a_chosen_date_may_not_be_before_the_last_one_of_the_series(team, story):
    finalize_invoice(new_draft(story.owner, invoice_on=date(2026, 3, 5)), by=story.owner)
    finalize_invoice(new_draft(story.owner, invoice_on=date(2026, 3, 5)), by=story.owner)
    session.commit()
    with pytest.raises(Invalid, match="later date") as caught:
        finalize_invoice(new_draft(story.owner, invoice_on=date(2026, 3, 4)), by=story.owner)
    assert caught.value.field == "invoice_on"
    session.rollback()
    assert finalize_invoice(new_draft(story.owner), by=story.owner).number == "INV-000003"


def test_a_manual_number_does_not_use_the_counter_up(team, story):
    assert finalize_invoice(new_draft(story.owner, manual_number="LEGACY 7"), by=story.owner).number == "LEGACY 7"
    assert finalize_invoice(new_draft(story.owner), by=story.owner).number == "INV-000001"


def test_two_drafts_with_one_manual_number_cannot_both_be_final(team, story):
    first, second = (new_draft(story.owner, manual_number="LEGACY 7") for _ in range(2))
    finalize_invoice(first, by=story.owner)
    with pytest.raises(Invalid, match="LEGACY 7") as caught:
        finalize_invoice(second, by=story.owner)
    assert caught.value.field == "manual_number"


def test_the_number_of_a_void_invoice_is_not_used_again(team, story):
    invoice = finalize_invoice(new_draft(story.owner), by=story.owner)
    void_invoice(invoice, by=story.owner)
    assert finalize_invoice(new_draft(story.owner), by=story.owner).number == "INV-000002"


def test_the_counter_restarts_with_the_year_where_the_team_wants_it(team, story):
    settings = session.scalars(select(BillingSettings)).one()
    settings.number_pattern, settings.restart_yearly = "{YYYY}-{seq:04}", True
    old = finalize_invoice(new_draft(story.owner, invoice_on=date(2025, 12, 31)), by=story.owner)
    new = finalize_invoice(new_draft(story.owner), by=story.owner)
    assert (old.number, new.number) == ("2025-0001", "2026-0001")


def test_the_preview_tells_the_number_and_dates_and_takes_nothing(team, story):
    invoice = new_draft(story.owner, terms_days=15)
    assert preview_finalization(invoice).number == "INV-000001"
    seen = preview_finalization(invoice)
    finalize_invoice(invoice, by=story.owner)
    assert (seen.number, seen.issued_on, seen.due_on) == (invoice.number, invoice.issued_on, invoice.due_on)


def test_a_month_has_room_for_as_many_as_the_plan_says(team, story):
    assign_plan("billing_v1", end_trial=True)
    session.add(PlanOverride(limit_name=Limit.FINALIZED_INVOICES, limit_size=2, reason="a test"))
    session.flush()
    for _ in range(2):
        finalize_invoice(new_draft(story.owner), by=story.owner)
    with pytest.raises(LimitReached):
        finalize_invoice(new_draft(story.owner), by=story.owner)
    with clock.moved_to(datetime(2026, 3, 31, 22, 30, tzinfo=UTC)):  # April in Vienna.
        finalize_invoice(new_draft(story.owner), by=story.owner)


def test_a_rep_cannot_finalize(team, story):
    invoice = new_draft(story.owner)
    with pytest.raises(PermissionDenied):
        finalize_invoice(invoice, by=story.actors.get("rep") or _rep(story))


def _rep(story):
    from cornerspot.people.actors import Actor
    from cornerspot.people.models import Role

    return Actor(kind="teammate", id=story.owner.id, name="A rep", role=Role.REP)


def test_finalizing_takes_few_statements(team, story, query_counter):
    invoice = new_draft(story.owner, lines=[line(taxes=(VAT_19,)) for _ in range(10)])
    session.commit()
    session.expunge_all()
    invoice = session.get(Invoice, (team.id, invoice.id))
    with query_counter() as sent:
        finalize_invoice(invoice, by=story.owner)
    assert len(sent) <= 7, "\n".join(sent)  # With the job, which goes past SQLAlchemy.
