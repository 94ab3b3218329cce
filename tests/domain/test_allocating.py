"""Where money lies after refunds, releases and comebacks that follow each other."""

from __future__ import annotations

import pytest

from cornerspot.billing.allocating import allocate, complete, give_back, lock_for_money, release, take_back
from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.models import Dispute, Payment, Refund
from cornerspot.db import session
from cornerspot.kit import clock
from tests.factories.billing import line, new_account, new_draft
from tests.faults.money_invariants import require_sound_money


@pytest.fixture
def scene(team, story):
    """Two invoices of 1.00 and a payment of 1.50, of which 1.00 settles the first."""
    account = new_account()
    first, second = (
        finalize_invoice(new_draft(story.owner, account, lines=[line(quantity="1", unit_price="1")]), by=story.owner)
        for _ in range(2)
    )
    payment = Payment(
        account_id=account.id,
        amount_minor=150,
        allocated_minor=0,
        returned_minor=0,
        refunded_minor=0,
        disputed_minor=0,
        currency="EUR",
        method="cash",
        received_on=clock.today("UTC"),
    )
    complete(payment)
    session.add(payment)
    session.flush()
    allocate(payment, first, by=story.owner)
    return payment, first, second, story.owner


def refund(payment, amount, *, still_owed=False):
    row = Refund(
        payment_id=payment.id,
        account_id=payment.account_id,
        amount_minor=amount,
        currency="EUR",
        origin="manual",
        status="succeeded",
        still_owed=still_owed,
        booked_at=clock.now(),
    )
    session.add(row)
    session.flush()
    return row


def dispute(payment, amount):
    row = Dispute(
        payment_id=payment.id,
        account_id=payment.account_id,
        stripe_dispute_id="du_1",
        amount_minor=amount,
        withdrawn_minor=0,
        currency="EUR",
        status="needs_response",
        opened_at=clock.now(),
    )
    session.add(row)
    session.flush()
    return row


def places(payment):
    return payment.allocated_minor, payment.credit_minor, payment.returned_minor


def test_credit_goes_before_what_settles_an_invoice(scene):
    payment, first, _, by = scene
    assert take_back(payment, refund(payment, 80), 80, lock_for_money(payment), still_owed=False, by=by) == 0
    assert places(payment) == (100, 0, 50)
    assert (first.status, first.paid_minor, first.refunded_minor) == ("paid", 100, 30)
    require_sound_money()


def test_the_invoice_it_was_asked_for_on_goes_before_credit(scene):
    payment, first, _, by = scene
    row = refund(payment, 120, still_owed=True)
    take_back(payment, row, 120, lock_for_money(payment), still_owed=True, by=by, first=first.id)
    assert places(payment) == (0, 30, 120)
    assert (first.status, first.refunded_minor) == ("open", 100)
    require_sound_money()


def test_what_was_refunded_is_no_credit_when_the_rest_is_released(scene):
    payment, first, _, by = scene
    row = refund(payment, 40)
    take_back(payment, row, 40, lock_for_money(payment), still_owed=False, by=by, first=first.id)
    assert release(payment, first, by=by) == 100
    assert places(payment) == (0, 110, 40)
    assert (first.status, first.balance_minor, first.refunded_minor) == ("open", 100, 40)
    require_sound_money()
    give_back(payment, row, 40, lock_for_money(payment), by=by)
    row.status = "failed"
    assert places(payment) == (40, 110, 0)
    assert (first.paid_minor, first.refunded_minor) == (40, 0)
    require_sound_money()


def test_a_part_that_is_owed_again_leaves_the_refunded_part_where_it_was(scene):
    payment, first, _, by = scene
    take_back(payment, refund(payment, 30), 30, lock_for_money(payment), still_owed=False, by=by, first=first.id)
    row = refund(payment, 20, still_owed=True)
    take_back(payment, row, 20, lock_for_money(payment), still_owed=True, by=by, first=first.id)
    assert (first.status, first.paid_minor, first.refunded_minor) == ("partially_paid", 80, 50)
    require_sound_money()


def test_what_went_beyond_what_came_comes_back_first_and_to_nobody(scene):
    payment, first, _, by = scene
    row = dispute(payment, 200)
    assert take_back(payment, row, 200, lock_for_money(payment), still_owed=True, by=by) == 50
    assert places(payment) == (0, 0, 150)
    give_back(payment, row, 60, lock_for_money(payment), by=by)
    assert row.withdrawn_minor == 140
    assert sum(places(payment)[:2]) == 10
    require_sound_money()
    give_back(payment, row, 140, lock_for_money(payment), by=by)
    assert (payment.returned_minor, payment.disputed_minor, first.status) == (0, 0, "paid")
    require_sound_money()


def test_money_back_for_a_void_invoice_is_credit(scene):
    payment, first, _, by = scene
    row = dispute(payment, 150)
    take_back(payment, row, 150, lock_for_money(payment), still_owed=True, by=by)
    first.void()
    give_back(payment, row, 150, lock_for_money(payment), by=by)
    assert places(payment) == (0, 150, 0)
    require_sound_money()


def test_a_payment_that_came_to_settle_more_while_we_waited_is_held_whole(scene):
    payment, first, second, by = scene
    allocate(payment, second, by=by)
    assert set(lock_for_money(payment)) == {first.id, second.id}
