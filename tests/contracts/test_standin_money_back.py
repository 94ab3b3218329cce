"""Refunds and disputes at the stand-in, and the oracle of what moved."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.contracts.standin_till import Till, refusal


@pytest.fixture
def till() -> Till:
    return Till()


def cleared(till: Till, bank: str = "success"):
    session = till.session()
    till.standin.pay_by_bank(session.id, bank)
    till.standin.advance_business_days(4)
    return till.intent(session)


def refund(till: Till, intent, amount=None):
    amount = {} if amount is None else {"amount": amount}
    return till.client.v1.refunds.create({"payment_intent": intent.id, **amount})


def test_a_card_refund_is_through_at_once(till):
    intent = till.paid()
    made = refund(till, intent, 4000)
    assert (made.status, made.amount, made.charge) == ("succeeded", 4000, intent.latest_charge.id)
    charge = till.client.v1.charges.retrieve(made.charge, {"expand": ["refunds"]})
    assert (charge.amount_refunded, charge.refunded) == (4000, False)
    assert [one.id for one in charge.refunds.data] == [made.id]
    assert till.happened()[-2:] == ["refund.created", "charge.refunded"]
    booked = till.client.v1.balance_transactions.list({"source": made.id}).data[0]
    assert (booked.type, booked.amount) == ("refund", -4000)


def test_no_more_than_what_is_left_can_be_refunded(till):
    intent = till.paid()
    refund(till, intent, 6000)
    assert "greater than unrefunded amount" in refusal(lambda: refund(till, intent, 4001)).user_message
    assert refund(till, intent).amount == 4000
    assert refusal(lambda: refund(till, intent)).code == "charge_already_refunded"
    moved = till.moved()
    assert (moved.captured, moved.refunded, moved.net) == (10_000, 10_000, 0)


def test_what_was_not_paid_cannot_be_refunded(till):
    session = till.session()
    till.standin.pay_by_bank(session.id)
    error = refusal(lambda: refund(till, till.intent(session)))
    assert "does not have a successful charge" in error.user_message


def test_a_refund_in_the_dashboard_looks_like_any_other(till):
    intent = till.paid()
    made = till.standin.dashboard_refund(intent.id, 2500)
    assert till.client.v1.refunds.list({"payment_intent": intent.id}).data[0].id == made["id"]
    assert till.moved().refunded == 2500


def test_a_bank_refund_is_pending_for_three_business_days(till):
    made = refund(till, cleared(till))
    assert made.status == "pending"
    assert till.moved().refunded == 10_000
    till.standin.advance_business_days(3)
    assert till.client.v1.refunds.retrieve(made.id).status == "succeeded"
    assert till.happened()[-1] == "refund.updated"


def test_a_card_refund_can_take_days_and_fail(till):
    till.standin.delay_refunds(5)
    first, second = till.paid(), till.paid()
    made = refund(till, first, 4000)
    assert made.status == "pending"
    failing = refund(till, second)
    till.standin.fail_refund(failing.id)
    till.standin.advance_business_days(5)
    assert till.client.v1.refunds.retrieve(made.id).status == "succeeded"
    assert till.client.v1.refunds.retrieve(failing.id).status == "failed"
    till.standin.delay_refunds(0)
    assert refund(till, first).status == "succeeded"


@pytest.mark.parametrize(("currency", "amount"), [("kwd", 4005), ("isk", 4050), ("ugx", 4050)])
def test_a_refund_keeps_to_the_units_of_its_currency(till, currency, amount):
    intent = till.paid(100_000, currency)
    assert refusal(lambda: refund(till, intent, amount)).error.param == "amount"
    assert refund(till, intent).amount == 100_000


def test_part_of_an_ach_payment_is_not_refunded(till):
    error = refusal(lambda: refund(till, cleared(till), 4000))
    assert "Partial refunds are not supported" in error.user_message


def test_a_refund_can_fail_and_come_back(till):
    made = refund(till, cleared(till))
    till.standin.fail_refund(made.id)
    again = till.client.v1.refunds.retrieve(made.id, {"expand": ["failure_balance_transaction"]})
    assert (again.status, again.failure_balance_transaction.amount) == ("failed", 10_000)
    moved = till.moved()
    assert (moved.refunded, moved.refund_returned, moved.net) == (10_000, 10_000, 10_000)
    assert till.happened()[-2:] == ["refund.updated", "refund.failed"]
    till.standin.advance_business_days(5)
    assert till.client.v1.refunds.retrieve(made.id).status == "failed"
    assert refund(till, till.client.v1.payment_intents.retrieve(made.payment_intent)).status == "pending"


def test_a_dispute_takes_the_money_and_blocks_refunds(till):
    intent = till.paid()
    refund(till, intent, 3000)
    dispute = till.standin.open_dispute(intent.id)
    read = till.client.v1.disputes.retrieve(dispute["id"], {"expand": ["charge"]})
    assert (read.amount, read.status, read.is_charge_refundable) == (7000, "needs_response", False)
    assert [(one.amount, one.fee) for one in read.balance_transactions] == [(-7000, 1500)]
    assert read.charge.disputed
    assert till.happened()[-2:] == ["charge.dispute.created", "charge.dispute.funds_withdrawn"]
    assert refusal(lambda: refund(till, intent)).code == "charge_disputed"
    moved = till.moved()
    assert (moved.withdrawn, moved.net, moved.fees) == (7000, 0, 320 + 1500)


@pytest.mark.parametrize(("won", "status", "net"), [(True, "won", 10_000), (False, "lost", 0)])
def test_a_dispute_is_won_or_lost(till, won, status, net):
    dispute = till.standin.open_dispute(till.paid().id)
    till.standin.review_dispute(dispute["id"])
    till.standin.close_dispute(dispute["id"], won=won)
    assert till.client.v1.disputes.retrieve(dispute["id"]).status == status
    assert till.moved().net == net
    assert till.happened()[-1] == "charge.dispute.closed"
    assert ("charge.dispute.funds_reinstated" in till.happened()) is won


def test_an_inquiry_moves_no_money_and_allows_refunds(till):
    intent = till.paid()
    inquiry = till.standin.open_dispute(intent.id, reason="general", inquiry=True)
    read = till.client.v1.disputes.retrieve(inquiry["id"])
    assert (read.status, read.is_charge_refundable, read.balance_transactions) == ("warning_needs_response", True, [])
    refund(till, intent, 1000)
    till.standin.close_dispute(inquiry["id"])
    assert till.client.v1.disputes.retrieve(inquiry["id"]).status == "warning_closed"
    assert till.moved().withdrawn == 0


def test_an_inquiry_can_become_a_dispute(till):
    inquiry = till.standin.open_dispute(till.paid().id, reason="general", inquiry=True)
    till.standin.withdraw_dispute(inquiry["id"])
    read = till.client.v1.disputes.retrieve(inquiry["id"])
    assert (read.status, read.is_charge_refundable) == ("needs_response", False)
    assert till.moved().withdrawn == 10_000


def test_some_cards_are_disputed_by_themselves(till):
    till.paid(card="4000000000000259")
    till.standin.advance(timedelta(days=7))
    assert [one.reason for one in till.client.v1.disputes.list().data] == ["fraudulent"]


def test_a_card_is_not_disputed_twice(till):
    intent = till.paid(card="4000000000000259")
    till.standin.open_dispute(intent.id)
    till.standin.advance(timedelta(days=7))
    assert len(till.client.v1.disputes.list().data) == 1
    with pytest.raises(Exception, match="only once"):
        till.standin.open_dispute(intent.id)


def test_the_oracle_keeps_payments_apart(till):
    first, second = till.paid(1000), till.paid(2000)
    till.standin.dashboard_refund(second.id)
    moved = till.standin.money_moved(till.account)
    assert (moved[first.id].net, moved[second.id].net) == (1000, 0)
    assert moved[first.id].metadata == {"attempt": "a1"}


def test_the_balance_is_the_sum_of_its_transactions(till):
    intent = till.paid()
    refund(till, intent, 4000)
    till.standin.open_dispute(intent.id)
    rows = till.client.v1.balance_transactions.list({"limit": 100}).data
    balance = till.client.v1.balance.retrieve()
    assert sum(row.net for row in rows) == balance.pending[0].amount
    till.standin.advance(timedelta(days=3))
    assert till.client.v1.balance.retrieve().available[0].amount == sum(row.net for row in rows)


def test_what_is_available_is_paid_out(till):
    till.paid()
    assert till.standin.pay_out(till.account) is None
    till.standin.advance(timedelta(days=3))
    till.standin.pay_out(till.account)
    (payout,) = till.client.v1.payouts.list({"status": "paid", "expand": ["data.balance_transaction"]}).data
    assert (payout.amount, payout.balance_transaction.amount) == (9680, -9680)
    assert till.client.v1.payouts.retrieve(payout.id).status == "paid"
    assert till.client.v1.balance.retrieve().available[0].amount == 0
    assert till.moved().captured == 10_000
