"""Drafts: written, edited, refused."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from cornerspot.activity.models import ActivityEntry
from cornerspot.billing.drafting import DraftInput, create_draft, draft_input, update_draft
from cornerspot.billing.models import Invoice, InvoiceTransition
from cornerspot.db import session
from cornerspot.kit.errors import FeatureMissing, Invalid, PermissionDenied, StaleVersion
from cornerspot.plans.assigning import assign_plan
from tests.factories.billing import VAT_19, line, new_account, new_contact, new_draft


def test_a_draft_carries_the_amounts_its_lines_come_to(team, story):
    invoice = new_draft(story.owner, lines=[line(quantity="3", unit_price="33.33", taxes=(VAT_19,))])
    assert (invoice.status, invoice.number) == ("draft", None)
    assert (invoice.subtotal_minor, invoice.tax_minor, invoice.total_minor) == (9999, 1900, 11899)
    assert invoice.balance_minor == 11899


def test_a_draft_starts_its_trail_and_its_timeline(team, story):
    invoice = new_draft(story.owner)
    step = session.scalars(select(InvoiceTransition).where(InvoiceTransition.invoice_id == invoice.id)).one()
    assert (step.from_status, step.to_status, step.actor_id) == (None, "draft", story.owner.id)
    entry = session.scalars(select(ActivityEntry).where(ActivityEntry.subject_id == invoice.id)).one()
    assert (entry.subject_type, entry.event) == ("invoice", "drafted")


def test_terms_come_from_the_account_and_then_from_the_team(team, story):
    assert new_draft(story.owner, new_account(terms_days=60)).terms_days == 60
    assert new_draft(story.owner).terms_days == 30
    assert new_draft(story.owner, new_account(terms_days=60), terms_days=0).terms_days == 0


def test_an_edited_draft_says_what_was_entered_and_keeps_the_identity_of_its_lines(team, story):
    invoice = new_draft(story.owner, lines=[line("One"), line("Two"), line("Three")])
    one, _, three = invoice.lines
    entered = DraftInput(
        account=invoice.account,
        currency="EUR",
        lines=[line("Three again", id=three.id), line("One", id=one.id), line("New")],
    )
    update_draft(invoice, entered, seen_version=1, by=story.owner)
    session.flush()
    assert [row.description for row in invoice.lines] == ["Three again", "One", "New"]
    assert [row.id for row in invoice.lines[:2]] == [three.id, one.id]
    assert [row.position for row in invoice.lines] == [0, 1, 2]
    assert (invoice.total_minor, invoice.version) == (60000, 2)


def test_a_second_save_is_refused_and_shows_the_differences(team, story):
    invoice = new_draft(story.owner)
    theirs = DraftInput(account=invoice.account, currency="EUR", lines=[line()], notes="Theirs", terms_days=30)
    update_draft(invoice, theirs, seen_version=1, by=story.owner)
    mine = DraftInput(account=invoice.account, currency="EUR", lines=[line("Mine")], notes="Mine", terms_days=30)
    with pytest.raises(StaleVersion) as caught:
        update_draft(invoice, mine, seen_version=1, by=story.owner)
    assert caught.value.changes["notes"] == ("Theirs", "Mine")
    assert set(caught.value.changes) == {"notes", "lines"}


def test_a_line_of_another_invoice_cannot_be_taken_over(team, story):
    other = new_draft(story.owner, lines=[line("Theirs")])
    invoice = new_draft(story.owner)
    entered = DraftInput(account=invoice.account, currency="EUR", lines=[line("Mine", id=other.lines[0].id)])
    update_draft(invoice, entered, seen_version=1, by=story.owner)
    assert invoice.lines[0].id != other.lines[0].id
    assert other.lines[0].description == "Theirs"


def test_what_was_entered_can_be_read_back_from_the_draft(team, story):
    account = new_account()
    entered = DraftInput(
        account=account,
        contact=new_contact(account),
        currency="EUR",
        lines=[line()],
        taxes=[VAT_19],
        terms_days=15,
        invoice_on=date(2026, 1, 5),
        manual_number="A-7",
        purchase_order="PO 4711",
        notes="Thank you",
    )
    invoice = create_draft(entered, by=story.owner)
    again = draft_input(invoice)
    assert again.lines[0].quantity == Decimal(2)
    assert (again.account, again.contact, again.taxes) == (account, entered.contact, [VAT_19])
    assert (again.manual_number, again.purchase_order, again.notes) == ("A-7", "PO 4711", "Thank you")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"terms_days": 366}, "terms_days"),
        ({"terms_days": -1}, "terms_days"),
        ({"invoice_on": date(2026, 2, 2), "chosen_due_on": date(2026, 2, 1)}, "chosen_due_on"),
        ({"manual_number": "x" * 33}, "manual_number"),
        ({"manual_number": " A-7"}, "manual_number"),
        ({"manual_number": "INV-000042"}, "manual_number"),
        ({"manual_number": "inv-1000042"}, "manual_number"),
        ({"currency": "XXX"}, "currency"),
    ],
)
def test_what_makes_no_invoice_is_refused_at_its_field(team, story, fields, field):
    with pytest.raises(Invalid) as caught:
        new_draft(story.owner, **fields)
    assert caught.value.field == field


def test_a_contact_of_another_customer_is_refused(team, story):
    with pytest.raises(Invalid) as caught:
        new_draft(story.owner, contact=new_contact(new_account("Other Ltd")))
    assert caught.value.field == "contact"


def test_a_rep_cannot_draft(team, story):
    rep = story.add_teammate("rep")
    with pytest.raises(PermissionDenied):
        new_draft(rep)


def test_without_billing_nothing_is_drafted(team, story):
    assign_plan("free_v1", end_trial=True)
    session.flush()
    with pytest.raises(FeatureMissing):
        new_draft(story.owner)
    assert session.scalars(select(Invoice)).all() == []
