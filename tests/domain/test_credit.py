"""Credit: what a customer paid beyond what was owed, applied to the next invoice or sent back."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from cornerspot.billing.crediting import apply_credit, credit_balances, refund_credit
from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.models import Invoice, Payment, Refund
from cornerspot.billing.online.refund_calls import send_refund
from cornerspot.billing.settling import record_manual_payment
from cornerspot.billing.voiding import void_invoice
from cornerspot.crm.models import Account
from cornerspot.db import session
from cornerspot.db.transaction import in_transaction
from cornerspot.kit.errors import Conflict, Invalid
from cornerspot.kit.money import Money
from tests.factories.billing import line, new_account, new_draft
from tests.factories.online import processor


@pytest.fixture
def account(team):
    return new_account()


def open_invoice(account, by, unit_price="100"):
    return finalize_invoice(new_draft(by, account, lines=[line(unit_price=unit_price)]), by=by)


def pay(invoice, amount_minor, by, key):
    return record_manual_payment(
        invoice, amount_minor=amount_minor, method="cash", received_on=invoice.issued_on, by=by, request_key=key
    )


@pytest.fixture
def credit(account, story):
    """200.00 of credit, from an invoice that was voided."""
    invoice = open_invoice(account, story.owner)
    pay(invoice, 12000, story.owner, "one")
    pay(invoice, 8000, story.owner, "two")
    void_invoice(invoice, by=story.owner, money="credit")
    return account


def test_void_with_money_on_it_asks_what_becomes_of_it(account, story):
    invoice = open_invoice(account, story.owner)
    pay(invoice, 12000, story.owner, "one")
    with pytest.raises(Conflict, match="refund it, or keep it as the customer's credit"):
        void_invoice(invoice, by=story.owner)
    with pytest.raises(Conflict, match="Choose"):
        void_invoice(invoice, by=story.owner, money="burn")
    assert invoice.status == "partially_paid"


def test_what_was_paid_on_a_void_invoice_is_credit(credit):
    assert credit_balances(credit.id) == [Money(20000, "EUR")]
    invoice = session.scalars(select(Invoice)).one()
    assert (invoice.status, invoice.paid_minor, invoice.refunded_minor) == ("void", 0, 0)


def test_void_and_refund_marks_what_came_by_hand_as_refunded(account, story):
    invoice = open_invoice(account, story.owner)
    pay(invoice, 12000, story.owner, "one")
    pay(invoice, 8000, story.owner, "two")
    void_invoice(invoice, by=story.owner, money="refund")
    assert credit_balances(account.id) == []
    assert [(row.origin, row.status) for row in session.scalars(select(Refund))] == [("manual", "succeeded")] * 2
    assert invoice.status == "void"


def test_credit_settles_an_invoice_the_oldest_first(credit, story):
    invoice = open_invoice(credit, story.owner, unit_price="75")
    assert apply_credit(invoice, by=story.owner) == 15000
    assert (invoice.status, invoice.paid_minor) == ("paid", 15000)
    assert credit_balances(credit.id) == [Money(5000, "EUR")]
    first, second = session.scalars(select(Payment).order_by(Payment.id)).all()
    assert (first.credit_minor, second.credit_minor) == (0, 5000)


def test_a_second_click_applies_nothing(credit, story):
    invoice = open_invoice(credit, story.owner)
    apply_credit(invoice, by=story.owner, amount_minor=5000, seen_balance_minor=20000)
    with pytest.raises(Conflict, match="balance has changed"):
        apply_credit(invoice, by=story.owner, amount_minor=5000, seen_balance_minor=20000)
    assert invoice.paid_minor == 5000


@pytest.mark.parametrize("amount", [0, -1, 20001])
def test_no_more_than_there_is_and_is_owed(credit, story, amount):
    with pytest.raises(Invalid):
        apply_credit(open_invoice(credit, story.owner), by=story.owner, amount_minor=amount)


def test_credit_of_one_customer_or_currency_is_not_another_s(credit, story):
    other = open_invoice(new_account("Beta"), story.owner)
    with pytest.raises(Conflict, match="no credit"):
        apply_credit(other, by=story.owner)
    dollars = finalize_invoice(new_draft(story.owner, credit, lines=[line()], currency="USD"), by=story.owner)
    with pytest.raises(Conflict, match="no credit"):
        apply_credit(dollars, by=story.owner)


def test_credit_is_refunded_from_the_payments_it_came_from(credit, story):
    asked = {"reason": "Asked for it", "by": story.owner, "request_key": "form"}
    refunds = refund_credit(credit, Money(15000, "EUR"), **asked)
    assert [row.amount_minor for row in refunds] == [12000, 3000]
    assert refund_credit(credit, Money(15000, "EUR"), **asked) == refunds
    assert credit_balances(credit.id) == [Money(5000, "EUR")]
    with pytest.raises(Invalid, match=r"at most €50\.00"):
        refund_credit(credit, Money(6000, "EUR"), reason="", by=story.owner, request_key="other")


def test_credit_that_is_being_refunded_settles_nothing(team, story):
    with processor(story.owner) as stripe:
        account_id = in_transaction(lambda: new_account().id)
        invoice_id = stripe.invoice(account=in_transaction(lambda: _account(account_id)))
        stripe.sync(stripe.paid_by_card(invoice_id))
        in_transaction(lambda: void_invoice(_invoice(invoice_id), by=story.owner, money="refund"))
        assert in_transaction(lambda: credit_balances(account_id)) == []
        second = stripe.invoice(account=in_transaction(lambda: _account(account_id)))
        with pytest.raises(Conflict, match="no credit"):
            in_transaction(lambda: apply_credit(_invoice(second), by=story.owner))
        [refund_id] = in_transaction(lambda: session.scalars(select(Refund.id)).all())
        send_refund(str(refund_id))
        assert stripe.booked() == stripe.moved()
        assert stripe.read(invoice_id).status == "void"
        assert set(stripe.booked().values()) == {0}


def _account(account_id):
    return session.scalars(select(Account).where(Account.id == account_id)).one()


def _invoice(invoice_id):
    return session.scalars(select(Invoice).where(Invoice.id == invoice_id)).one()
