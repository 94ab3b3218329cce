"""Bank debits, which take days and can fail after all: faults 16 to 18."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from cornerspot.billing.configuring_online import configure_part_payments
from cornerspot.billing.models import CheckoutAttempt
from cornerspot.billing.voiding import void_invoice
from cornerspot.db import session
from cornerspot.kit.errors import Conflict
from tests.faults.stripe_shop import later


def test_fault_16_a_debit_is_pending_and_not_payable_again_until_it_settles(shop):
    invoice_id = shop.invoice()
    shop.paid_by_bank(invoice_id)
    shop.deliver()
    invoice = shop.read(invoice_id)
    assert (invoice.status, invoice.paid_minor, invoice.processing_minor) == ("open", 0, 20000)
    with pytest.raises(Conflict, match="under way"):
        shop.open_page(invoice_id)
    with pytest.raises(Conflict, match="under way"):
        shop.with_invoice(invoice_id, lambda row: void_invoice(row, by=shop.by))
    with later(shop.standin, days=3):
        shop.require_truth()
        assert shop.read(invoice_id).status == "open"
    with later(shop.standin, days=7):
        shop.deliver()
        assert (shop.read(invoice_id).status, shop.read(invoice_id).processing_minor) == ("paid", 0)
        shop.require_truth()


@pytest.mark.parametrize("order", ["sent", "reversed"])
def test_fault_17_after_a_failed_debit_a_card_pays_once_whatever_comes_late(shop, order):
    invoice_id = shop.invoice()
    shop.paid_by_bank(invoice_id, "insufficient_funds")
    shop.deliver()
    with later(shop.standin, days=7):
        shop.reconcile()  # The webhooks of the failure are late.
        assert shop.read(invoice_id).processing_minor == 0
        shop.paid_by_card(invoice_id)
        shop.deliver(order=order, duplicate=1)
        assert [attempt.state for attempt in shop.attempts(invoice_id)] == ["failed", "succeeded"]
        assert sorted(one.status for one in shop.payments()) == ["completed", "failed"]
        assert (shop.read(invoice_id).status, shop.exceptions()) == ("paid", [])
        shop.require_truth()


@pytest.mark.parametrize("lost", [False, True])
def test_fault_18_a_debit_that_comes_back_after_all_is_owed_again(shop, lost):
    invoice_id = shop.invoice()
    shop.paid_by_bank(invoice_id, "disputed")
    with later(shop.standin, days=7):
        shop.deliver()
        assert shop.read(invoice_id).status == "paid"
    with later(shop.standin, days=12):
        shop.standin.deliver_pending(drop=lost)
        shop.require_truth()
        invoice = shop.read(invoice_id)
        assert (invoice.status, invoice.balance_minor) == ("open", 20000)
        assert "dispute_opened" in shop.exceptions()
        shop.paid_by_card(invoice_id)
        shop.deliver()
        assert shop.read(invoice_id).status == "paid"
        shop.require_truth()


def test_fault_16_a_part_by_another_tab_is_not_payable_beside_the_debit(shop):
    shop.do(lambda: configure_part_payments(allowed=True, least_percent=10, seen=None, by=shop.by))
    invoice_id = shop.invoice()
    shop.paid_by_bank(invoice_id, "microdeposits")
    with pytest.raises(Conflict, match="just been made"):  # We have not heard of the debit yet.
        shop.open_page(invoice_id, 5000)
    assert shop.work() == []
    assert shop.sessions("open") == []
    shop.require_truth()


def test_fault_16_a_page_that_is_open_when_a_debit_is_heard_of_is_closed(shop):
    invoice_id = shop.invoice()
    shop.paid_by_bank(invoice_id)
    # As after a restored backup: the page of the debit is ended in our rows, and another one opens.
    shop.do(lambda: session.execute(update(CheckoutAttempt).values(state="expired")))
    shop.open_page(invoice_id)
    shop.deliver()
    assert shop.sessions("open") == []
    assert shop.read(invoice_id).processing_minor == 20000
    shop.require_truth()
