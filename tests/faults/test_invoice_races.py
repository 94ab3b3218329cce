"""Real threads on one database: numbers without gap, money never past the balance, no step on a stale row."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from cornerspot.billing.drafting import DraftInput, update_draft
from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.models import Invoice, NumberSeries, Payment
from cornerspot.billing.reading import invoice_with_everything
from cornerspot.db import session
from cornerspot.db.transaction import transaction
from cornerspot.kit.errors import DomainError
from tests.factories.billing import line, new_account, new_draft
from tests.faults.racing import Race, refusals

pytestmark = pytest.mark.fault


@pytest.fixture
def race(story):
    return Race(story)


@pytest.mark.slow
def test_eight_people_finalize_fifty_each_without_gap_or_duplicate(race):
    def arrange():
        account = new_account()
        return [new_draft(race.by, account).id for _ in range(400)]

    ids = race.arrange(arrange)

    def fifty(mine):
        def work():
            for invoice_id in mine:
                with transaction():
                    finalize_invoice(invoice_with_everything(invoice_id), by=race.by)

        return work

    results = race.run(*(fifty(ids[place::8]) for place in range(8)))
    assert refusals(results) == []
    numbers = race.arrange(lambda: session.scalars(select(Invoice.number).order_by(Invoice.number)).all())
    assert numbers == [f"INV-{value:06}" for value in range(1, 401)]
    assert race.arrange(lambda: session.scalars(select(NumberSeries.last_value)).one()) == 400


def test_one_draft_finalized_by_four_gets_one_number(race):
    invoice_id = race.draft()
    results = race.run(*(race.finalize(invoice_id) for _ in range(4)))
    assert sorted(map(str, (r for r in results if not isinstance(r, DomainError)))) == ["INV-000001"]
    assert len(refusals(results)) == 3


def test_payments_that_race_never_exceed_the_balance(race):
    invoice_id = race.open()
    results = race.run(*(race.pay(invoice_id, 15000, f"key{place}") for place in range(4)))
    assert len(refusals(results)) == 3
    invoice = race.arrange(lambda: invoice_with_everything(invoice_id))
    assert (invoice.status, invoice.paid_minor) == ("partially_paid", 15000)


def test_one_form_sent_four_times_at_once_is_one_payment(race):
    invoice_id = race.open()
    results = race.run(*(race.pay(invoice_id, 5000, "same") for _ in range(4)))
    assert len(set(results)) == 1
    assert len(race.arrange(lambda: session.scalars(select(Payment)).all())) == 1


def test_a_payment_and_a_void_do_not_both_happen(race):
    for turn in range(6):
        invoice_id = race.open()
        results = race.run(race.pay(invoice_id, 20000, f"turn{turn}"), race.void(invoice_id))
        assert len(refusals(results)) == 1
        invoice = race.arrange(lambda found=invoice_id: invoice_with_everything(found))
        assert (invoice.status, invoice.paid_minor) in {("paid", 20000), ("void", 0)}


def test_what_is_final_is_what_was_saved(race):
    for _ in range(6):
        invoice_id = race.draft()

        def edit(found=invoice_id):
            invoice = invoice_with_everything(found)
            entered = DraftInput(account=invoice.account, currency="EUR", lines=[line(unit_price="777")])
            update_draft(invoice, entered, seen_version=1, by=race.by)

        results = race.run(edit, race.finalize(invoice_id))
        invoice = race.arrange(lambda found=invoice_id: invoice_with_everything(found))
        assert invoice.status == "open"
        edited = not isinstance(results[0], DomainError)
        assert (invoice.total_minor, invoice.lines[0].net_minor) == ((155400, 155400) if edited else (20000, 20000))
        assert invoice.balance_minor == invoice.total_minor
