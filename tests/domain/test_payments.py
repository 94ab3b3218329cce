"""Manual payments: booked, capped, repeated, undone."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.models import InvoiceTransition, Payment
from cornerspot.billing.settling import record_manual_payment, undo_payment
from cornerspot.billing.voiding import void_invoice
from cornerspot.db import session
from cornerspot.kit import clock
from cornerspot.kit.errors import Conflict, IllegalTransition, Invalid, PermissionDenied
from tests.factories.billing import line, new_draft


@pytest.fixture
def invoice(team, story):
    """Open, 200.00 owed."""
    return finalize_invoice(new_draft(story.owner, lines=[line()]), by=story.owner)


def pay(invoice, amount_minor, by, key="key", **fields):
    fields = {"method": "bank_transfer", "received_on": invoice.issued_on} | fields
    return record_manual_payment(invoice, amount_minor=amount_minor, by=by, request_key=key, **fields)


def test_a_part_makes_it_partially_paid_and_the_rest_paid(invoice, story):
    pay(invoice, 5000, story.owner, "one")
    assert (invoice.status, invoice.paid_minor, invoice.balance_minor) == ("partially_paid", 5000, 15000)
    assert invoice.paid_at is None
    pay(invoice, 15000, story.owner, "two")
    assert (invoice.status, invoice.paid_minor, invoice.balance_minor) == ("paid", 20000, 0)
    assert invoice.paid_at is not None


def test_every_payment_is_a_step_on_record(invoice, story):
    pay(invoice, 5000, story.owner, "one")
    pay(invoice, 5000, story.owner, "two")
    steps = session.scalars(
        select(InvoiceTransition).where(InvoiceTransition.invoice_id == invoice.id).order_by(InvoiceTransition.id)
    ).all()
    assert [(step.from_status, step.to_status) for step in steps][2:] == [
        ("open", "partially_paid"),
        ("partially_paid", "partially_paid"),
    ]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"amount_minor": 0}, "amount"),
        ({"amount_minor": -1}, "amount"),
        ({"amount_minor": 20001}, "amount"),
        ({"amount_minor": 1, "method": "barter"}, "method"),
    ],
)
def test_a_payment_that_cannot_be_is_refused_at_its_field(invoice, story, fields, field):
    with pytest.raises(Invalid) as caught:
        pay(invoice, by=story.owner, **fields)
    assert caught.value.field == field


def test_money_cannot_arrive_tomorrow(invoice, story):
    with pytest.raises(Invalid) as caught:
        pay(invoice, 100, story.owner, received_on=invoice.issued_on + timedelta(days=1))
    assert caught.value.field == "received_on"


def test_a_repeated_request_gives_the_first_payment(invoice, story):
    first = pay(invoice, 20000, story.owner, "same")
    again = pay(invoice, 20000, story.owner, "same")
    assert again.id == first.id
    assert invoice.paid_minor == 20000


@pytest.mark.parametrize("changed", [{"amount_minor": 6000}, {"method": "cash"}, {"received_on": date(2026, 1, 2)}])
def test_a_form_sent_again_with_other_values_is_not_taken_for_the_first(invoice, story, changed):
    pay(invoice, 5000, story.owner, "same")
    again = {"amount_minor": 5000} | changed
    with pytest.raises(Conflict, match=r"recorded €50\.00 already"):
        pay(invoice, again.pop("amount_minor"), story.owner, "same", **again)
    assert invoice.paid_minor == 5000


def test_a_form_of_one_invoice_does_not_pay_another(invoice, story):
    other = finalize_invoice(new_draft(story.owner, lines=[line()]), by=story.owner)
    pay(invoice, 5000, story.owner, "same")
    with pytest.raises(Conflict, match="Reload the page"):
        pay(other, 5000, story.owner, "same")
    assert (invoice.paid_minor, other.paid_minor) == (5000, 0)


def test_a_form_whose_payment_was_undone_does_not_pretend_to_pay(invoice, story):
    undo_payment(pay(invoice, 5000, story.owner, "same"), reason="Wrong invoice", by=story.owner)
    with pytest.raises(Conflict, match="undone"):
        pay(invoice, 5000, story.owner, "same")
    assert invoice.paid_minor == 0


def test_drafts_and_void_invoices_take_no_money(team, story):
    draft = new_draft(story.owner)
    with pytest.raises(Conflict, match="Finalize it"):
        pay(draft, 100, story.owner, received_on=clock.today("UTC"))
    void = finalize_invoice(new_draft(story.owner), by=story.owner)
    void_invoice(void, by=story.owner)
    with pytest.raises(Conflict, match="void"):
        pay(void, 100, story.owner)


def test_an_undone_payment_is_owed_again_and_stays_on_record(invoice, story):
    pay(invoice, 5000, story.owner, "one")
    payment = pay(invoice, 15000, story.owner, "two")
    undo_payment(payment, reason="Booked twice", by=story.owner)
    assert (invoice.status, invoice.paid_minor, invoice.paid_at) == ("partially_paid", 5000, None)
    assert (payment.status, payment.undo_reason) == ("undone", "Booked twice")
    first = session.scalars(select(Payment).where(Payment.request_key == "one")).one()
    undo_payment(first, reason="Wrong customer", by=story.owner)
    assert (invoice.status, invoice.balance_minor) == ("open", 20000)
    with pytest.raises(Conflict, match="undone already"):
        undo_payment(first, reason="Again", by=story.owner)


def test_undoing_asks_for_a_reason_and_for_an_admin(invoice, story):
    payment = pay(invoice, 5000, story.owner)
    with pytest.raises(Invalid) as caught:
        undo_payment(payment, reason="  ", by=story.owner)
    assert caught.value.field == "reason"
    session.commit()
    with pytest.raises(PermissionDenied):
        undo_payment(payment, reason="Because", by=_manager(story))


def test_an_invoice_of_nothing_is_not_voided_for_the_right_reason(team, story):
    invoice = finalize_invoice(new_draft(story.owner, lines=[line(unit_price="0")]), by=story.owner)
    with pytest.raises(Conflict, match="Nothing was owed"):
        void_invoice(invoice, by=story.owner)


def test_an_invoice_with_money_on_it_is_not_voided(invoice, story):
    payment = pay(invoice, 20000, story.owner)
    with pytest.raises(Conflict, match="refund it, or keep it"):
        void_invoice(invoice, by=story.owner)
    undo_payment(payment, reason="To void it", by=story.owner)
    void_invoice(invoice, by=story.owner, reason="Wrong customer")
    assert invoice.status == "void"
    with pytest.raises(IllegalTransition):
        void_invoice(invoice, by=story.owner)


def _manager(story):
    from cornerspot.people.actors import Actor
    from cornerspot.people.models import Role

    return Actor(kind="teammate", id=story.owner.id, name="A manager", role=Role.MANAGER)
