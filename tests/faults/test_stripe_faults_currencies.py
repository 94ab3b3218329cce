"""Currencies without decimals, with three, and those that Stripe counts otherwise than ISO: fault 27."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from cornerspot.billing.configuring_online import configure_part_payments
from cornerspot.billing.models import Payment
from cornerspot.billing.refunding import refund_payment
from cornerspot.db import session
from cornerspot.kit.errors import Invalid
from cornerspot.kit.money import Money
from tests.faults.stripe_shop import later, minor, open_shop

# Our amount, and what Stripe must be asked for.
PATHS = {
    "JPY": ("5000", 5000),
    "ISK": ("5000", 500_000),
    "UGX": ("50000", 5_000_000),
    "KWD": ("120.500", 120_500),
    "EUR": ("120.55", 12_055),
    "HUF": ("45000", 4_500_000),
}


@pytest.fixture(params=PATHS)
def foreign(app, standin, request):
    return open_shop(app, standin, currency=request.param)


def refund(shop, invoice_id, amount, *, still_owed):
    def work(invoice):
        payment = session.scalars(select(Payment).order_by(Payment.id)).first()
        money = Money(minor(amount, shop.currency), shop.currency)
        refund_payment(payment, money, still_owed=still_owed, reason="", by=shop.by, request_key="one", invoice=invoice)

    shop.with_invoice(invoice_id, work)


def test_fault_27_the_whole_path_is_right_to_the_smallest_unit(foreign):
    shop, (amount, units) = foreign, PATHS[foreign.currency]
    invoice_id = shop.invoice(amount)
    total = minor(amount, shop.currency)
    assert shop.read(invoice_id).total_minor == total
    intent_id = shop.paid_by_card(invoice_id)
    assert [page["amount_total"] for page in shop.sessions()] == [units]
    shop.deliver(order="reversed", duplicate=1)
    assert (shop.read(invoice_id).status, shop.payments()[0].amount_minor) == ("paid", total)

    refund(shop, invoice_id, "20", still_owed=True)
    assert shop.work() == []
    assert shop.read(invoice_id).balance_minor == minor("20", shop.currency)
    left = units - shop.standin.objects(shop.account, "refund")[0]["amount"]
    shop.standin.dashboard_refund(intent_id, left // 2000 * 1000)
    dispute = shop.standin.open_dispute(intent_id)
    shop.require_truth()
    with later(shop.standin, days=20):
        shop.standin.close_dispute(dispute["id"], won=True)
        shop.deliver()
        shop.require_truth()
        assert shop.read(invoice_id).balance_minor == minor("20", shop.currency)


def test_fault_27_parts_and_money_beyond_what_is_owed(foreign):
    shop, (amount, units) = foreign, PATHS[foreign.currency]
    shop.do(lambda: configure_part_payments(allowed=True, least_percent=10, seen=None, by=shop.by))
    invoice_id = shop.invoice(amount)
    total = minor(amount, shop.currency)
    part = minor("100", shop.currency) if shop.currency in ("KWD", "EUR") else total // 5
    page = shop.open_page(invoice_id, part)
    assert shop.sessions()[0]["amount_total"] * total == units * part
    shop.pay_by_hand(invoice_id, total, "all by hand")
    shop.standin.pay_with_card(page)
    shop.deliver()
    [online] = [one for one in shop.payments() if one.is_online]
    assert (online.amount_minor, online.credit_minor) == (part, part)
    shop.require_truth()


def test_fault_27_what_stripe_cannot_say_is_refused_before_anybody_is_sent_there(app, standin):
    shop = open_shop(app, standin, currency="KWD")
    with pytest.raises(Invalid, match="steps of"):
        shop.open_page(shop.invoice("120.505"))
    assert shop.sessions() == []
    shop.require_truth()
