"""Two who pay, or one who pays while the team changes what is owed: faults 11 to 15."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import event, select

from cornerspot.billing.configuring_online import configure_part_payments
from cornerspot.billing.crediting import apply_credit
from cornerspot.billing.models import CheckoutAttempt, Payment
from cornerspot.billing.online.checkout import start_checkout
from cornerspot.billing.online.landing import Landing
from cornerspot.billing.online.syncing import sync_payment
from cornerspot.billing.settling import undo_payment
from cornerspot.billing.voiding import void_invoice
from cornerspot.db import db, session
from cornerspot.kit.errors import Conflict
from tests.faults.racing import at_once
from tests.faults.stripe_shop import PAYER


def test_fault_11_a_double_click_in_two_tabs_opens_one_page(shop):
    invoice_id = shop.invoice()
    pages = at_once(*[lambda: shop.open_page(invoice_id)] * 4)
    assert pages == [shop.sessions()[0]["id"]] * 4
    assert len(shop.sessions()) == 1
    assert [attempt.state for attempt in shop.attempts(invoice_id)] == ["open"]
    shop.require_truth()


def test_fault_11_two_tabs_that_both_pay_are_two_payments_and_the_excess_is_credit(shop):
    invoice_id = shop.invoice()
    first = shop.open_page(invoice_id)
    # The answer to our expiry comes too late for the payer in the first tab: he paid before.
    shop.standin.pay_with_card(first)
    shop.do(lambda: close_as_if_changed(shop, invoice_id))
    # Our row of the first page is closed by hand here, as after a restored backup; a second tab opens.
    second = shop.open_page(invoice_id)
    shop.standin.pay_with_card(second)
    shop.deliver(order="random")
    assert shop.read(invoice_id).status == "paid"
    assert sorted((one.allocated_minor, one.credit_minor) for one in shop.payments()) == [(0, 20000), (20000, 0)]
    assert len(shop.exceptions()) == 1
    shop.require_truth()


def close_as_if_changed(shop, invoice_id):
    """The attempt is ended in our rows alone, so that Stripe and we disagree."""
    attempt = session.scalars(select(CheckoutAttempt).where(CheckoutAttempt.invoice_id == invoice_id)).one()
    attempt.state = "expired"


def test_fault_12_money_by_hand_closes_the_page_at_stripe(shop):
    invoice_id = shop.invoice()
    shop.open_page(invoice_id)
    shop.pay_by_hand(invoice_id, 5000, "by-hand")
    assert shop.work() == []
    assert [page["status"] for page in shop.sessions()] == ["expired"]
    assert shop.open_page(invoice_id)
    assert [page["amount_total"] for page in shop.sessions("open")] == [15000]
    shop.require_truth()


def test_fault_12_a_payer_who_was_quicker_than_the_closing_is_booked_and_the_excess_is_credit(shop):
    invoice_id = shop.invoice()
    page = shop.open_page(invoice_id)
    shop.pay_by_hand(invoice_id, 5000, "by-hand")
    shop.standin.pay_with_card(page)
    shop.deliver(order="reversed")
    assert shop.read(invoice_id).status == "paid"
    assert [(one.allocated_minor, one.credit_minor) for one in shop.payments() if one.is_online] == [(15000, 5000)]
    assert shop.exceptions() == ["paid_after_change"]
    shop.require_truth()


def test_fault_13_closing_a_page_that_was_just_paid_is_no_error(shop):
    invoice_id = shop.invoice()
    page = shop.open_page(invoice_id)
    shop.standin.pay_with_card(page)
    shop.pay_by_hand(invoice_id, 20000, "by-hand")
    assert shop.work() == []  # The closing found it complete.
    assert shop.land(invoice_id, page) == Landing.PAID
    shop.deliver()
    shop.require_truth()


def test_fault_13_closing_and_paying_at_the_same_instant_end_well(shop):
    for _ in range(3):
        invoice_id = shop.invoice()
        page = shop.open_page(invoice_id)
        shop.pay_by_hand(invoice_id, 20000, f"by-hand-{invoice_id}")
        [job] = shop.jobs()
        paid, closed = at_once(lambda: shop.standin.pay_with_card(page), lambda: shop.run(job))  # noqa: B023
        assert closed is None
        assert isinstance(paid, dict) or shop.sessions()[-1]["status"] == "expired"
        shop.deliver()
    shop.require_truth()


@pytest.mark.parametrize("change", ["void", "pay and undo"])
def test_fault_14_what_changed_while_a_page_was_open_is_paid_into_credit_or_the_balance(shop, change):
    invoice_id = shop.invoice()
    page = shop.open_page(invoice_id)
    if change == "void":
        shop.with_invoice(invoice_id, lambda invoice: void_invoice(invoice, by=shop.by))
    else:
        payment_id = shop.pay_by_hand(invoice_id, 20000, "by-hand")
        undo(shop, payment_id)
    shop.standin.pay_with_card(page)
    shop.deliver()
    [online] = [one for one in shop.payments() if one.is_online]
    if change == "void":
        assert (shop.read(invoice_id).status, online.credit_minor) == ("void", 20000)
        assert shop.exceptions() == ["paid_after_void"]
    else:
        assert (shop.read(invoice_id).status, online.credit_minor) == ("paid", 0)
    shop.require_truth()


def undo(shop, payment_id):
    def work():
        payment = session.get(Payment, (shop.story.team.id, payment_id))
        undo_payment(payment, reason="wrong invoice", by=shop.by)

    shop.do(work)


def test_fault_15_portal_and_pay_link_at_the_same_moment_get_one_page_and_one_charge(shop):
    invoice_id = shop.invoice()

    def through(channel):
        with shop.inside():
            return start_checkout(invoice_id, replace(PAYER, channel=channel))

    first, second = at_once(lambda: through("portal"), lambda: through("pay_link"))
    assert first == second
    [page] = shop.sessions()
    shop.standin.pay_with_card(page["id"])
    assert through("portal") == first  # Stripe says there that it is paid.
    shop.deliver()
    with pytest.raises(Conflict, match="This invoice is paid"):
        through("pay_link")
    assert len(shop.payments()) == 1
    shop.require_truth()


@pytest.mark.parametrize("first", ["the page", "the charge", "both at once"])
def test_fault_15_a_charge_without_the_payer_beside_the_page_is_booked_and_the_excess_shown(shop, first):
    """As autopay would: Stripe takes both, since neither is told of the other in time."""
    invoice_id = shop.invoice()
    page = shop.open_page(invoice_id)
    pay, charge = lambda: shop.standin.pay_with_card(page), lambda: shop.standin.charge_saved_card(page)
    if first == "both at once":
        assert not any(isinstance(one, Exception) for one in at_once(pay, charge))
    else:
        for move in (pay, charge) if first == "the page" else (charge, pay):
            move()
    shop.deliver(order="random")
    assert shop.read(invoice_id).status == "paid"
    assert sorted((one.allocated_minor, one.credit_minor) for one in shop.payments()) == [(0, 20000), (20000, 0)]
    assert "second_payment" in shop.exceptions()
    shop.require_truth()


def test_fault_11_a_part_by_one_and_the_rest_by_another_are_never_more_than_is_owed(shop):
    shop.do(lambda: configure_part_payments(allowed=True, least_percent=10, seen=None, by=shop.by))
    invoice_id = shop.invoice()
    results = at_once(*[lambda part=part: shop.open_page(invoice_id, part) for part in (5000, 8000, None)])
    assert any(isinstance(one, str) for one in results)
    assert len(shop.sessions("open")) == 1
    shop.standin.pay_with_card(shop.sessions("open")[0]["id"])
    shop.deliver()
    assert shop.exceptions() == []
    shop.require_truth()


def test_syncs_voids_and_credit_at_once_take_their_locks_in_one_order(shop, app):
    """A deadlock would be tried again and go unseen, so the database is asked how many there were."""
    with app.app_context(), counted_deadlocks(db.engine) as deadlocks:
        for _ in range(4):
            invoice_id, next_id = shop.invoice(), shop.invoice("70")
            intent_id = shop.paid_by_card(invoice_id)
            shop.standin.deliver_pending(drop=True)
            shop.land(invoice_id, shop.attempts(invoice_id)[0].session_id)
            shop.standin.dashboard_refund(intent_id, 1000)
            results = at_once(
                *[lambda: sync(shop, intent_id)] * 3,  # noqa: B023
                lambda: shop.with_invoice(
                    invoice_id,  # noqa: B023
                    lambda row: void_invoice(row, by=shop.by, money="credit"),
                ),
                lambda: shop.with_invoice(next_id, lambda row: apply_credit(row, by=shop.by)),  # noqa: B023
            )
            assert all(result is None or isinstance(result, int | Conflict) for result in results)
    assert deadlocks == []
    shop.require_truth()


def sync(shop, intent_id):
    with shop.inside():
        sync_payment(shop.connection_id, intent_id)


@contextmanager
def counted_deadlocks(engine):
    """A list that grows with every deadlock."""
    met = []

    def note(context):
        if getattr(context.original_exception, "sqlstate", "") == "40P01":
            met.append(context.original_exception)

    event.listen(engine, "handle_error", note)
    try:
        yield met
    finally:
        event.remove(engine, "handle_error", note)
