"""Money that goes back: refunds of ours and of the Dashboard, and disputes. Faults 9 and 19 to 21."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from cornerspot.billing.crediting import refund_credit
from cornerspot.billing.models import Payment, Refund
from cornerspot.billing.refunding import refund_payment
from cornerspot.billing.voiding import void_invoice
from cornerspot.crm.models import Account
from cornerspot.db import session
from cornerspot.kit.errors import Conflict, Invalid
from cornerspot.kit.money import Money
from cornerspot.payments.provider import ProviderUnsure
from cornerspot.payments.standin import Fault
from tests.faults.crashing import crashed_at_every_statement
from tests.faults.racing import at_once
from tests.faults.stripe_shop import later


@pytest.fixture
def paid(shop):
    invoice_id = shop.invoice()
    intent_id = shop.paid_by_card(invoice_id)
    shop.deliver()
    return invoice_id, intent_id


def refund(shop, paid, minor, key="one", *, still_owed=False):
    def work(invoice):
        payment = session.scalars(select(Payment).where(Payment.stripe_payment_id == paid[1])).one()
        money = Money(minor, payment.currency)
        asked = {"still_owed": still_owed, "reason": "", "by": shop.by, "request_key": key, "invoice": invoice}
        return refund_payment(payment, money, **asked).id

    return shop.with_invoice(paid[0], work)


def refunds(shop):
    return shop.rows(select(Refund).order_by(Refund.id))


@pytest.mark.parametrize("hours", [0, 25])
def test_fault_9_an_answer_lost_on_a_refund_is_one_refund_also_a_day_later(shop, paid, hours):
    refund(shop, paid, 5000)
    shop.standin.faults.next("POST /v1/refunds", Fault.DROP_ANSWER, times=3)
    [error] = shop.work()
    assert isinstance(error, ProviderUnsure)
    with later(shop.standin, hours=hours):
        assert shop.work() == []
        assert len(shop.standin.objects(shop.account, "refund")) == 1
        assert [(one.status, one.amount_minor) for one in refunds(shop)] == [("succeeded", 5000)]
        shop.require_truth()


def test_fault_9_a_worker_that_dies_at_any_statement_of_a_refund_refunds_once(shop, app, paid):
    refund(shop, paid, 5000)
    [job] = shop.jobs()
    for _ in crashed_at_every_statement(app, lambda: shop.run(job)):
        assert len(shop.standin.objects(shop.account, "refund")) <= 1
    assert [one.status for one in refunds(shop)] == ["succeeded"]
    shop.require_truth()


def test_fault_19_two_refunds_of_the_dashboard_and_one_of_ours_at_once_add_up(shop, paid):
    refund(shop, paid, 5000)
    [job] = shop.jobs()
    ours, *theirs = at_once(
        lambda: shop.run(job),
        lambda: shop.standin.dashboard_refund(paid[1], 3000),
        lambda: shop.standin.dashboard_refund(paid[1], 2000),
    )
    assert ours is None
    assert all(isinstance(one, dict) for one in theirs)
    shop.deliver(order="random", duplicate=1)
    assert sorted((one.origin, one.amount_minor) for one in refunds(shop)) == [
        ("dashboard", 2000),
        ("dashboard", 3000),
        ("ours", 5000),
    ]
    with pytest.raises(Invalid, match="Only"):
        refund(shop, paid, 10001, "too much")
    shop.require_truth()


def test_fault_19_more_than_is_left_is_refused_by_stripe_when_we_did_not_know(shop, paid):
    shop.standin.dashboard_refund(paid[1], 15000)
    refund(shop, paid, 10000)
    assert shop.work() == []
    assert sorted(one.status for one in refunds(shop)) == ["failed", "succeeded"]
    assert shop.exceptions() == ["refund_failed"]
    shop.require_truth()


def test_fault_20_a_refund_that_fails_days_later_is_back_in_the_books(shop, paid):
    shop.standin.delay_refunds(3)
    refund(shop, paid, 20000, still_owed=True)
    assert shop.work() == []
    assert (shop.read(paid[0]).status, [one.status for one in refunds(shop)]) == ("open", ["pending"])
    shop.require_truth()
    with later(shop.standin, days=2):
        shop.standin.fail_refund(refunds(shop)[0].stripe_refund_id)
        shop.deliver()
        assert (shop.read(paid[0]).status, [one.status for one in refunds(shop)]) == ("paid", ["failed"])
        assert shop.exceptions() == ["refund_failed"]
        shop.require_truth()


def test_fault_20_of_a_refund_over_two_payments_one_part_may_be_refused_and_is_named(shop):
    invoices = [shop.invoice("50"), shop.invoice("70")]
    intents = [shop.paid_by_card(invoice_id) for invoice_id in invoices]
    shop.deliver()
    for invoice_id in invoices:
        shop.with_invoice(invoice_id, lambda row: void_invoice(row, by=shop.by, money="credit"))
    shop.standin.dashboard_refund(intents[0])  # Nobody has told us yet.

    def work():
        customer = session.scalars(select(Account).where(Account.id == shop.customer_id)).one()
        refund_credit(customer, Money(12000, "EUR"), reason="", by=shop.by, request_key="both")

    shop.do(work)
    assert shop.work() == []
    ours = [(one.amount_minor, one.status) for one in refunds(shop) if one.origin == "ours"]
    assert sorted(ours) == [(5000, "failed"), (7000, "succeeded")]
    assert "refund_failed" in shop.exceptions()
    shop.require_truth()


@pytest.mark.parametrize("part_refunded", [False, True])
@pytest.mark.parametrize("ending", ["inquiry closed", "won", "lost"])
@pytest.mark.parametrize("told", ["in order", "reversed", "never"])
def test_fault_21_disputes_move_what_their_movements_say(shop, paid, ending, part_refunded, told):
    if part_refunded:
        shop.standin.dashboard_refund(paid[1], 5000)
        shop.deliver()
    opened = shop.standin.open_dispute(paid[1], inquiry=ending == "inquiry closed")
    if told == "in order":
        shop.deliver()
        owed = 0 if ending == "inquiry closed" else 15000 if part_refunded else 20000
        assert shop.read(paid[0]).balance_minor == owed
    with later(shop.standin, days=20):
        shop.standin.close_dispute(opened["id"], won=ending == "won")
        shop.standin.deliver_pending(order="reversed", drop=told == "never")
        shop.require_truth()
    expected = {"inquiry closed": "paid", "won": "paid"}.get(ending, "partially_paid" if part_refunded else "open")
    assert shop.read(paid[0]).status == expected
    assert ("dispute_lost" in shop.exceptions()) == (ending == "lost")


def test_fault_21_nothing_is_refunded_while_a_dispute_holds_the_money(shop, paid):
    shop.standin.open_dispute(paid[1])
    refund(shop, paid, 5000, "too early")  # We had not heard of the dispute.
    assert shop.work() == []
    assert [one.status for one in refunds(shop)] == ["failed"]
    shop.deliver()
    with pytest.raises(Conflict, match="disputed"):
        refund(shop, paid, 5000, "again")
    shop.require_truth()


def test_fault_21_an_inquiry_becomes_a_dispute_and_is_won(shop, paid):
    opened = shop.standin.open_dispute(paid[1], inquiry=True)
    shop.deliver()
    assert shop.read(paid[0]).status == "paid"
    shop.standin.withdraw_dispute(opened["id"])
    shop.deliver(order="reversed")
    assert shop.read(paid[0]).status == "open"
    shop.standin.review_dispute(opened["id"])
    shop.standin.close_dispute(opened["id"], won=True)
    shop.deliver(order="reversed")
    assert shop.read(paid[0]).status == "paid"
    shop.require_truth()


def test_a_fee_that_is_known_a_day_later_is_booked_once(shop):
    shop.standin.delay_fees(timedelta(days=1))
    shop.paid_by_card(shop.invoice())
    shop.deliver()
    assert [one.fee_minor for one in shop.payments()] == [None]
    with later(shop.standin, days=2):
        shop.deliver(duplicate=1)
        assert [one.fee_minor for one in shop.payments()] == [305]
        shop.require_truth()


def test_a_dispute_after_a_full_refund_costs_its_fee_and_moves_nothing(shop, paid):
    shop.standin.dashboard_refund(paid[1])
    shop.standin.open_dispute(paid[1])
    shop.deliver()
    shop.require_truth()
    assert shop.read(paid[0]).status == "paid"  # The refund left nothing to be asked for again.
