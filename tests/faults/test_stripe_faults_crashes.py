"""Processes that die at any statement: faults 8 and 10. What Stripe did stays done; ours is all or nothing."""

from __future__ import annotations

import pytest

from cornerspot.billing.online.hearing import sync_event
from cornerspot.billing.online.reconciling import reconcile_hot
from cornerspot.kit.errors import Conflict
from cornerspot.payments.standin import Fault
from tests.faults.crashing import crashed_at_every_statement
from tests.faults.killing import killed_at_every_moment
from tests.faults.stripe_oracle import booked
from tests.faults.stripe_shop import later


def test_fault_8_a_payer_whose_server_dies_at_any_statement_gets_the_same_page(shop, app):
    invoice_id = shop.invoice()
    for _ in crashed_at_every_statement(app, lambda: shop.open_page(invoice_id)):
        assert len(shop.sessions()) <= 1
        assert len(shop.standin.objects(shop.account, "customer")) <= 1
    assert [attempt.state for attempt in shop.attempts(invoice_id)] == ["open"]
    assert len(shop.sessions("open")) == 1
    shop.require_truth()


@pytest.mark.parametrize("hours", [0, 25])
def test_fault_8_an_answer_that_was_lost_is_asked_for_again_and_gives_no_second_page(shop, hours):
    invoice_id = shop.invoice()
    shop.open_page(shop.invoice("1"))  # The customer is known at Stripe.
    shop.standin.faults.next("POST /v1/checkout/sessions", Fault.DROP_ANSWER, times=3)
    with pytest.raises(Conflict, match="try again"):
        shop.open_page(invoice_id)
    assert [attempt.state for attempt in shop.attempts(invoice_id)] == ["new"]
    with later(shop.standin, hours=hours):
        shop.open_page(invoice_id)
        of_ours = [one for one in shop.sessions() if one["metadata"]["invoice"] == str(invoice_id)]
        assert [one["status"] for one in of_ours] == (["open"] if not hours else ["expired", "open"])
        shop.require_truth()


def test_fault_8_a_page_that_is_being_closed_when_the_worker_dies_is_closed_later(shop, app):
    invoice_id = shop.invoice()
    shop.open_page(invoice_id)
    shop.pay_by_hand(invoice_id, 20000, "by-hand")
    [job] = shop.jobs()
    for _ in crashed_at_every_statement(app, lambda: shop.run(job)):
        assert shop.attempts(invoice_id)[0].state in ("closing", "expired")
    assert [page["status"] for page in shop.sessions()] == ["expired"]
    shop.require_truth()


def test_fault_10_a_worker_killed_at_any_moment_of_a_sync_leaves_all_or_nothing(shop, app):
    def next_payment():
        intent_id = shop.paid_by_card(shop.invoice())
        shop.standin.dashboard_refund(intent_id, 5000)
        shop.standin.deliver_pending(drop=lambda event: event["type"] != "payment_intent.succeeded")
        return intent_id, shop.events()[-1].id

    def still_to_do():
        return {"capture", "refund"} - set(books().get(waiting[0], {}))

    def books():
        with shop.inside():
            return booked()

    waiting = next_payment()
    moments = 0

    def next_work():
        nonlocal waiting
        if not still_to_do():
            waiting = next_payment()
        return lambda: sync_event(waiting[1])

    for moment in killed_at_every_moment(app, shop.story.team, next_work):
        moments = moment
        assert still_to_do() in (set(), {"capture", "refund"})
    assert moments > 20
    with later(shop.standin, minutes=6), shop.inside():
        reconcile_hot()  # Events that nobody finished are followed again.
    assert {event.state for event in shop.events()} == {"done"}
    shop.require_truth()


def test_fault_10_a_sync_that_meets_an_accident_at_any_statement_is_finished_by_the_next_try(shop, app):
    invoice_id = shop.invoice()
    intent_id = shop.paid_by_card(invoice_id)
    shop.standin.dashboard_refund(intent_id, 5000)
    shop.standin.open_dispute(intent_id)
    shop.standin.deliver_pending(drop=lambda event: event["type"] != "charge.dispute.created")
    [job] = shop.jobs()
    before = {}
    for _ in crashed_at_every_statement(app, lambda: shop.run(job)):
        with shop.inside():
            now = booked()
        assert now in ({}, before or now)
        before = now
    assert set(before[intent_id]) == {"capture", "fee", "refund", "dispute_withdrawn"}
    shop.require_truth()


@pytest.mark.parametrize("worked", [False, True])
def test_fault_25_an_error_that_stripe_repeats_to_the_key_does_not_keep_the_payer_out_for_a_day(shop, worked):
    invoice_id = shop.invoice()
    shop.open_page(shop.invoice("1"))  # The customer is known at Stripe.
    shop.standin.faults.next("POST /v1/checkout/sessions", Fault.SERVER_ERROR_500(worked=worked), times=1)
    if not worked:
        with pytest.raises(Conflict, match="try again"):
            shop.open_page(invoice_id)
        assert [attempt.state for attempt in shop.attempts(invoice_id)] == ["refused"]
    page = shop.open_page(invoice_id)
    assert [one["id"] for one in shop.sessions("open") if one["metadata"]["invoice"] == str(invoice_id)] == [page]
    shop.standin.pay_with_card(page)
    shop.deliver()
    assert shop.read(invoice_id).status == "paid"
    shop.require_truth()


def test_fault_25_nor_does_one_that_met_the_making_of_the_customer(shop):
    invoice_id = shop.invoice()
    shop.standin.faults.next("POST /v1/customers", Fault.SERVER_ERROR_500, times=1)
    assert shop.open_page(invoice_id)
    shop.require_truth()
