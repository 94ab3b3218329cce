"""Webhooks that come often, twice, in the wrong order, early, late or never: faults 1 to 7, 28 to 30 and 33."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from cornerspot.billing.models import LedgerEntry
from cornerspot.billing.online.checkout import JUST_PAID
from cornerspot.billing.online.landing import Landing
from cornerspot.db import db, session
from cornerspot.kit.errors import Conflict
from cornerspot.payments.inbox import retry
from cornerspot.payments.models import StripeEvent
from cornerspot.payments.standin import Fault
from cornerspot.payments.stripe_events import EVENTS
from tests.contracts.judge.docket import excused
from tests.faults.racing import at_once
from tests.faults.stripe_shop import Shop, later

PAID = "payment_intent.succeeded"
COMPLETED = "checkout.session.completed"


def event_of(shop: Shop, kind: str) -> str:
    """The newest event of a type."""
    return next(one["id"] for one in reversed(shop.standin.objects(shop.account, "event")) if one["type"] == kind)


def entries(shop: Shop) -> list[str]:
    with shop.inside():
        return sorted(session.scalars(db.select(LedgerEntry.kind)))


def test_fault_1_an_event_delivered_five_times_three_of_them_at_once_is_one_row_and_one_entry(shop):
    shop.paid_by_card(shop.invoice())
    letters = shop.standin.post.sealed(event_of(shop, PAID))
    [letter] = letters

    def deliver():
        return shop.standin.post.deliver(letter.url, letter.headers, letter.body)

    answers = [*at_once(deliver, deliver, deliver), deliver(), deliver()]
    assert answers == [200] * 5
    assert [event.type for event in shop.events()] == [PAID]
    [job] = shop.jobs()
    assert at_once(*[lambda: shop.run(job)] * 3) == [None] * 3
    assert entries(shop) == ["capture", "fee"]
    shop.require_truth()


@pytest.mark.parametrize("kind", [PAID, COMPLETED])
def test_fault_2_two_events_for_one_happening_are_one_entry(shop, kind):
    shop.paid_by_card(shop.invoice())
    shop.standin.duplicate_event(event_of(shop, kind))
    assert set(shop.deliver(duplicate=1)) == {200}
    assert [event.type for event in shop.events()].count(kind) == 2
    assert {event.state for event in shop.events()} == {"done"}
    assert entries(shop) == ["capture", "fee"]
    shop.require_truth()


def test_fault_2_two_events_worked_on_at_once_are_one_entry(shop):
    shop.paid_by_card(shop.invoice())
    shop.standin.duplicate_event(event_of(shop, PAID))
    shop.standin.deliver_pending()
    assert at_once(*[lambda job=job: shop.run(job) for job in shop.jobs()]).count(None) == 4
    assert entries(shop) == ["capture", "fee"]
    shop.require_truth()


@pytest.mark.parametrize("order", ["sent", "reversed"])
def test_fault_3_the_order_of_events_changes_nothing(shop, order):
    invoice_id, other_id = shop.invoice(), shop.invoice("80")
    intent_id = shop.paid_by_card(invoice_id)
    shop.standin.dashboard_refund(intent_id, 5000)
    shop.paid_by_bank(other_id)
    with later(shop.standin, days=7):
        shop.deliver(order=order)
        assert (shop.read(invoice_id).status, shop.read(invoice_id).refunded_minor) == ("paid", 5000)
        assert shop.read(other_id).status == "paid"
        shop.require_truth()


def test_fault_4_a_webhook_before_the_answer_to_our_call_finds_its_attempt(shop):
    invoice_id = shop.invoice()
    shop.open_page(shop.invoice("10"))  # The customer is known at Stripe by now.
    shop.standin.faults.next("POST /v1/checkout/sessions", Fault.HOLD_ANSWER)
    met: list[object] = []

    def press():
        try:
            met.append(shop.open_page(invoice_id))
        except Conflict as refusal:
            met.append(refusal.message)

    payer = threading.Thread(target=press)
    payer.start()
    assert shop.standin.faults.waiting.wait(30)
    [attempt] = shop.attempts(invoice_id)
    assert (attempt.state, attempt.session_id) == ("new", None)
    page = shop.sessions("open")[-1]
    shop.standin.pay_with_card(page["id"])
    shop.deliver()
    assert shop.read(invoice_id).status == "paid"
    assert {event.state for event in shop.events()} == {"done"}
    shop.standin.faults.release()
    payer.join(30)
    assert met == [JUST_PAID]
    [attempt] = shop.attempts(invoice_id)
    assert (attempt.state, attempt.session_id) == ("succeeded", page["id"])
    shop.require_truth()


@pytest.mark.parametrize("first", ["webhook", "redirect"])
def test_fault_5_webhook_and_redirect_in_either_order_book_once_and_say_paid(shop, first):
    invoice_id = shop.invoice()
    shop.paid_by_card(invoice_id)
    page = shop.attempts(invoice_id)[0].session_id
    if first == "webhook":
        shop.deliver()
    assert shop.land(invoice_id, page) == Landing.PAID
    shop.deliver()
    assert shop.land(invoice_id, page) == Landing.PAID
    assert entries(shop) == ["capture", "fee"]
    shop.require_truth()


def test_fault_5_webhooks_and_redirect_at_the_same_instant_book_once(shop):
    invoice_id = shop.invoice()
    shop.paid_by_card(invoice_id)
    page = shop.attempts(invoice_id)[0].session_id
    shop.standin.deliver_pending()
    works = [lambda job=job: shop.run(job) for job in shop.jobs()]
    *worked, landed, again = at_once(*works, *[lambda: shop.land(invoice_id, page)] * 2)
    assert worked == [None] * 3
    assert (landed, again) == (Landing.PAID, Landing.PAID)
    assert entries(shop) == ["capture", "fee"]
    shop.require_truth()


def test_fault_6_without_webhook_and_without_the_payer_reconciliation_books_it(shop):
    invoice_id = shop.invoice()
    shop.paid_by_card(invoice_id)
    shop.standin.deliver_pending(drop=True)
    assert (shop.read(invoice_id).status, shop.events()) == ("open", [])
    shop.reconcile()
    assert shop.read(invoice_id).status == "paid"
    shop.require_truth(reconciled=False)


@pytest.mark.parametrize("why", ["down for three days", "disabled"])
def test_fault_7_an_endpoint_that_heard_nothing_is_restored_by_the_sweep(shop, why):
    card, bank, refunded, disputed = (shop.invoice(amount) for amount in ("10", "20", "30", "40"))
    if why == "disabled":
        shop.standin.disable_endpoint(shop.standin.objects(shop.account, "webhook_endpoint")[0]["id"])
    else:
        shop.standin.post.deliver = lambda *_: 503
    shop.paid_by_card(card)
    shop.paid_by_bank(bank)
    shop.standin.dashboard_refund(shop.paid_by_card(refunded), 1000)
    shop.standin.open_dispute(shop.paid_by_card(disputed))
    with later(shop.standin, days=3):
        shop.standin.deliver_pending()
        assert shop.events() == []
        shop.require_truth()
        assert [shop.read(one).status for one in (card, bank, refunded, disputed)] == ["paid", "open", "paid", "open"]
        assert shop.read(bank).processing_minor == 2000
        subscribed = [one for one in shop.standin.objects(shop.account, "event") if one["type"] in EVENTS]
        assert len(shop.events()) == len(subscribed)


def test_fault_28_a_rolled_secret_is_accepted_beside_the_new_one_for_a_day(shop):
    from cornerspot.payments.connecting import live_account, roll_secret

    intent_id = shop.paid_by_card(shop.invoice())
    [old] = shop.standin.post.sealed(event_of(shop, PAID))
    with shop.inside():
        account = live_account()
        session.rollback()
        roll_secret(account, by=shop.by)
    assert shop.standin.post.deliver(old.url, old.headers, old.body) == 200
    shop.standin.dashboard_refund(intent_id, 100)
    assert 200 in shop.deliver()  # The old endpoint is gone, and with it what waited for it.
    shop.require_truth()
    with later(shop.standin, hours=25):
        assert shop.standin.post.deliver(old.url, old.headers, old.body) == 400


@pytest.mark.parametrize(("minutes", "answer"), [(-6, 400), (-4, 200), (6, 400)])
def test_fault_29_a_clock_that_is_six_minutes_off_loses_webhooks_but_no_money(shop, minutes, answer):
    invoice_id = shop.invoice()
    shop.paid_by_card(invoice_id)
    moment = datetime.now(UTC) + timedelta(minutes=minutes)
    shop.standin.post.timestamp = lambda: int(moment.timestamp())
    assert set(shop.deliver()) == {answer}
    assert (shop.events() == []) == (answer == 400)
    shop.require_truth()
    assert shop.read(invoice_id).status == "paid"


def test_fault_30_two_hundred_events_at_once_are_all_stored_and_booked_once(shop):
    invoices = [shop.invoice("5") for _ in range(4)]
    for invoice_id in invoices:
        shop.paid_by_card(invoice_id)
    events = [one["id"] for one in shop.standin.objects(shop.account, "event") if one["_deliveries"]]
    letters = [letter for one in events for letter in shop.standin.post.sealed(one)]
    crowd = (letters * 200)[:200]

    def deliver(part):
        return [shop.standin.post.deliver(one.url, one.headers, one.body) for one in part]

    answers = at_once(*[lambda part=crowd[start::8]: deliver(part) for start in range(8)])
    assert [status for part in answers for status in part] == [200] * 200
    assert len(shop.events()) == len(letters)
    assert shop.work() == []
    assert entries(shop) == ["capture"] * 4 + ["fee"] * 4
    shop.require_truth()


def test_fault_33_an_event_that_our_code_did_not_know_is_kept_and_can_be_followed_later(shop):
    invoice_id = shop.invoice()
    shop.paid_by_card(invoice_id)
    shop.standin.deliver_pending(drop=lambda event: event["type"] != PAID)
    [event] = shop.events()
    # As an older version, which did not know the type, would have left it.
    shop.do(lambda: session.execute(update(StripeEvent).values(state="ignored")))
    assert shop.work() == []
    assert shop.read(invoice_id).status == "open"
    shop.do(lambda: retry(event.id))
    assert shop.work() == []
    assert shop.read(invoice_id).status == "paid"
    shop.require_truth()


def test_fault_25_an_event_of_an_unknown_type_is_kept_and_harms_nothing(shop):
    endpoint = shop.standin.objects(shop.account, "webhook_endpoint")[0]["id"]
    made = {"id": "evt_new", "type": "billing.something_new", "data": {"object": {"id": "x_1", "object": "novelty"}}}
    with excused("it asks for an object that no version of Stripe has"):
        letter = shop.standin.post.forge(endpoint, made)
        assert shop.standin.post.deliver(letter.url, letter.headers, letter.body) == 200
        assert shop.work() == []
    assert [(event.type, event.state) for event in shop.events()] == [("billing.something_new", "ignored")]
    shop.require_truth()
