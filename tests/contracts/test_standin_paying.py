"""Paying at the stand-in: cards, bank debits, fees, the clock."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cornerspot.payments.standin.clock import wall_seconds
from tests.contracts.standin_till import Till, refusal


@pytest.fixture
def till() -> Till:
    return Till()


def test_a_paid_session_is_complete_and_its_intent_succeeded(till):
    session = till.session()
    assert (session.status, session.payment_status, session.payment_intent) == ("open", "unpaid", None)
    till.standin.pay_with_card(session.id)
    again = till.client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent", "line_items"]})
    assert (again.status, again.payment_status, again.url) == ("complete", "paid", None)
    assert again.payment_intent.status == "succeeded"
    assert again.payment_intent.metadata["attempt"] == "a1"
    assert again.line_items.data[0].amount_total == 10_000


def test_events_of_a_card_payment_come_in_stripes_order(till):
    till.paid()
    assert till.happened() == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
    ]


@pytest.mark.parametrize(
    ("amount", "currency", "fee"),
    [(10_000, "usd", 320), (10_000, "eur", 165), (1_000, "jpy", 59), (10_000, "kwd", 590), (333, "eur", 30)],
)
def test_the_fee_is_what_stripe_keeps(till, amount, currency, fee):
    booked = till.paid(amount, currency).latest_charge.balance_transaction
    assert (booked.fee, booked.net) == (fee, amount - fee)


@pytest.mark.parametrize(("amount", "fee"), [(10_000, 80), (1_000_000, 500)])
def test_ach_costs_four_fifths_of_a_percent_up_to_five_dollars(till, amount, fee):
    session = till.session(amount)
    till.standin.pay_by_bank(session.id)
    till.standin.advance_business_days(4)
    assert till.intent(session).latest_charge.balance_transaction.fee == fee


def test_a_fee_can_be_known_late(till):
    till.standin.delay_fees(timedelta(hours=1))
    intent = till.paid()
    assert intent.latest_charge.balance_transaction is None
    till.standin.advance(timedelta(hours=1))
    charge = till.client.v1.charges.retrieve(intent.latest_charge.id, {"expand": ["balance_transaction"]})
    assert charge.balance_transaction.fee == 320
    assert till.happened()[-1] == "charge.updated"


@pytest.mark.parametrize(
    ("card", "code", "decline_code"),
    [
        ("4000000000000002", "card_declined", "generic_decline"),
        ("4000000000009995", "card_declined", "insufficient_funds"),
        ("4000000000000069", "expired_card", "expired_card"),
    ],
)
def test_a_declined_card_leaves_the_session_open_for_another(till, card, code, decline_code):
    session = till.session()
    till.standin.pay_with_card(session.id, card)
    intent = till.intent(session)
    assert intent.status == "requires_payment_method"
    assert (intent.last_payment_error.code, intent.last_payment_error.decline_code) == (code, decline_code)
    assert till.happened()[-2:] == ["charge.failed", "payment_intent.payment_failed"]
    till.standin.pay_with_card(session.id)
    again = till.intent(session)
    assert (again.id, again.status, again.last_payment_error) == (intent.id, "succeeded", None)
    assert len(till.client.v1.charges.list({"payment_intent": intent.id}).data) == 2
    assert till.moved().captured == 10_000


def test_three_d_secure_can_succeed_and_fail(till):
    session = till.session()
    till.standin.pay_with_card(session.id, "4000002500003155", authenticated=False)
    assert till.intent(session).last_payment_error.code == "payment_intent_authentication_failure"
    till.standin.pay_with_card(session.id, "4000002500003155")
    assert till.intent(session).status == "succeeded"


def test_a_bank_debit_is_unpaid_until_four_business_days_have_passed(till):
    session = till.session()
    till.standin.pay_by_bank(session.id)
    complete = till.client.v1.checkout.sessions.retrieve(session.id)
    assert (complete.status, complete.payment_status) == ("complete", "unpaid")
    assert till.intent(session).status == "processing"
    assert till.standin.money_moved(till.account) == {}
    till.standin.advance(timedelta(days=3, hours=23))
    assert till.intent(session).status == "processing"
    till.standin.advance(timedelta(hours=1))
    assert till.intent(session).status == "succeeded"
    assert till.client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"
    assert till.happened()[-1] == "checkout.session.async_payment_succeeded"
    assert till.moved().captured == 10_000


def test_a_weekend_does_not_count(till):
    till.standin.advance(timedelta(days=4))  # Friday.
    session = till.session()
    till.standin.pay_by_bank(session.id)
    till.standin.advance(timedelta(days=5))
    assert till.intent(session).status == "processing"
    till.standin.advance(timedelta(days=1))
    assert till.intent(session).status == "succeeded"


@pytest.mark.parametrize("bank", ["insufficient_funds", "account_closed", "debit_not_authorized"])
def test_a_bank_debit_can_fail_on_day_four(till, bank):
    session = till.session()
    till.standin.pay_by_bank(session.id, bank)
    till.standin.advance_business_days(4)
    intent = till.intent(session)
    assert (intent.status, intent.last_payment_error.code) == ("requires_payment_method", bank)
    assert till.happened()[-1] == "checkout.session.async_payment_failed"
    assert till.standin.money_moved(till.account) == {}


def test_a_bank_debit_can_be_returned_after_it_succeeded(till):
    session = till.session()
    till.standin.pay_by_bank(session.id, "disputed")
    till.standin.advance(timedelta(days=30))
    (dispute,) = till.client.v1.disputes.list({"payment_intent": till.intent(session).id}).data
    assert (dispute.status, dispute.reason, dispute.is_charge_refundable) == ("lost", "insufficient_funds", False)
    moved = till.moved()
    assert (moved.captured, moved.withdrawn, moved.net) == (10_000, 10_000, 0)


def test_small_deposits_come_before_the_debit(till):
    session = till.session()
    till.standin.pay_by_bank(session.id, "microdeposits")
    intent = till.intent(session)
    assert (intent.status, intent.next_action.type) == ("requires_action", "verify_with_microdeposits")
    till.standin.verify_microdeposits(intent.id)
    assert till.intent(session).status == "processing"
    till.standin.advance_business_days(4)
    assert till.intent(session).status == "succeeded"


@pytest.mark.parametrize(
    ("currency", "method"), [("eur", "sepa_debit"), ("gbp", "bacs_debit"), ("aud", "au_becs_debit")]
)
def test_each_currency_has_its_bank_debit(till, currency, method):
    session = till.session(currency=currency)
    assert session.payment_method_types == ["card", method]
    till.standin.pay_by_bank(session.id)
    till.standin.advance_business_days(4)
    assert till.intent(session).latest_charge.payment_method_details.type == method


def test_a_session_expires_by_itself(till):
    session = till.session(expires_at=till.standin.world.now() + 3600)
    till.standin.advance(timedelta(minutes=59))
    assert till.client.v1.checkout.sessions.retrieve(session.id).status == "open"
    till.standin.advance(timedelta(minutes=1))
    assert till.client.v1.checkout.sessions.retrieve(session.id).status == "expired"
    assert till.happened() == ["checkout.session.expired"]


def test_an_expired_session_cannot_be_paid_or_expired(till):
    session = till.session()
    till.client.v1.checkout.sessions.expire(session.id)
    with pytest.raises(Exception, match="no longer open"):
        till.standin.pay_with_card(session.id)
    error = refusal(lambda: till.client.v1.checkout.sessions.expire(session.id))
    assert error.http_status == 400
    assert "Only Checkout Sessions with a status in" in error.user_message


def test_expiring_a_paid_session_is_refused_and_changes_nothing(till):
    session = till.session()
    till.standin.pay_with_card(session.id)
    assert "`complete`" in refusal(lambda: till.client.v1.checkout.sessions.expire(session.id)).user_message
    assert till.client.v1.checkout.sessions.retrieve(session.id).status == "complete"


def test_expiring_cancels_the_intent_of_a_declined_try(till):
    session = till.session()
    till.standin.decline(session.id)
    till.client.v1.checkout.sessions.expire(session.id)
    assert till.intent(session).status == "canceled"
    assert till.happened()[-2:] == ["payment_intent.canceled", "checkout.session.expired"]


def test_the_intent_of_an_open_session_cannot_be_cancelled_by_hand(till):
    session = till.session()
    till.standin.decline(session.id)
    intent = till.intent(session)
    error = refusal(lambda: till.client.v1.payment_intents.cancel(intent.id))
    assert error.code == "payment_intent_unexpected_state"


def test_lists_are_paged_newest_first(till):
    made = [till.session(1000 + number).id for number in range(5)]
    first = till.client.v1.checkout.sessions.list({"limit": 2})
    assert [one.id for one in first.data] == made[:-3:-1]
    assert first.has_more
    everything = [one.id for one in first.auto_paging_iter()]
    assert everything == list(reversed(made))


def test_lists_are_filtered_by_time_and_status(till):
    old = till.session()
    till.client.v1.checkout.sessions.expire(old.id)
    till.standin.advance(timedelta(hours=1))
    fresh = till.session()
    since = {"created": {"gte": till.standin.world.now()}}
    assert [one.id for one in till.client.v1.checkout.sessions.list(since).data] == [fresh.id]
    assert [one.id for one in till.client.v1.checkout.sessions.list({"status": "expired"}).data] == [old.id]


def test_the_same_seed_makes_the_same_ids():
    assert Till().session().id == Till().session().id
    assert Till().session().id != Till(seed=4).session().id


def test_a_page_can_be_made_for_an_hour_of_the_callers_time_after_days_were_added():
    till = Till(frozen_at=None)
    till.standin.advance(timedelta(days=5))
    in_an_hour = wall_seconds() + 3600
    session = till.session(expires_at=in_an_hour)
    till.standin.advance(timedelta(minutes=59))
    assert till.client.v1.checkout.sessions.retrieve(session.id).status == "open"
    till.standin.advance(timedelta(minutes=2))
    assert till.client.v1.checkout.sessions.retrieve(session.id).status == "expired"
    assert "at least 30 minutes" in str(refusal(lambda: till.session(expires_at=wall_seconds() + 60)))
