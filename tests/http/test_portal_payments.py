"""The portal's payments, receipts, credit and statement: what the member paid, and what for."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.models import Invoice, Payment
from cornerspot.billing.refunding import refund_payment
from cornerspot.billing.settling import record_manual_payment, undo_payment
from cornerspot.billing.voiding import void_invoice
from cornerspot.db import session
from cornerspot.db.transaction import in_transaction
from cornerspot.kit.ids import encode_public_id
from cornerspot.kit.money import Money
from cornerspot.tenancy import team_today
from tests.factories.billing import line, new_account, new_draft
from tests.factories.online import processor
from tests.factories.portal import member_browser, new_member


@pytest.fixture
def account(team):
    made = new_account("Acme GmbH")
    session.commit()
    return made


@pytest.fixture
def browser(story, account):
    user = new_member(account)
    session.commit()
    return member_browser(story, user.id)


def paid(story, account, amount_minor=20000, key="paid"):
    """An invoice over 200.00 with a payment on it: their ids."""

    def work():
        invoice = finalize_invoice(new_draft(story.owner, account=account, lines=[line()]), by=story.owner)
        payment = record_manual_payment(
            invoice,
            amount_minor=amount_minor,
            method="bank_transfer",
            received_on=team_today(),
            by=story.owner,
            request_key=key,
            reference="Wire 4711",
            note="Ask Tom about this one",
        )
        return invoice.id, payment.id

    return in_transaction(work)


def path(payment_id, more=""):
    return f"/portal/payments/{encode_public_id('pay', payment_id)}{more}"


def text_of(answer):
    return answer.get_data(as_text=True)


def one(model, id_):
    return session.scalars(select(model).where(model.id == id_)).one()


def test_payments_are_listed_with_what_they_are_for(team, story, account, browser):
    invoice_id, payment_id = paid(story, account)
    number = in_transaction(lambda: one(Invoice, invoice_id).number)
    page = text_of(browser.get("/portal/payments"))
    for shown in (number, "Bank transfer", "€200.00", "Completed"):
        assert shown in page
    receipt = text_of(browser.get(path(payment_id)))
    assert number in receipt
    assert "Wire 4711" in receipt
    assert "Ask Tom" not in page + receipt


def test_a_receipt_is_printed(team, story, account, browser):
    _, payment_id = paid(story, account)
    answer = browser.get(path(payment_id, "/receipt"))
    assert answer.get_data().startswith(b"%PDF")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "Acme GmbH" in answer.headers["Content-Disposition"]


def test_a_payment_recorded_by_mistake_never_was(team, story, account, browser):
    _, payment_id = paid(story, account)
    in_transaction(lambda: undo_payment(one(Payment, payment_id), reason="Typing error", by=story.owner))
    for address in (path(payment_id), path(payment_id, "/receipt")):
        assert browser.get(address).status_code == 404
    assert "No payments yet" in text_of(browser.get("/portal/payments"))


def test_a_bank_payment_says_what_it_is_for_from_start_to_return(team, story, account, browser):
    with processor(story.owner) as shop:
        invoice_id = shop.invoice(account=account)
        number = in_transaction(lambda: one(Invoice, invoice_id).number)
        paid_by = shop.paid_by_bank(invoice_id)
        payment_id = shop.sync(paid_by).id

        def shown(word):
            listed, single = text_of(browser.get("/portal/payments")), text_of(browser.get(path(payment_id)))
            for page in (listed, single):
                assert number in page
                assert re.search(rf'class="pill[^>]*>(<i[^>]*></i>)?{word}<', page), word
            return single

        assert "Download receipt" not in shown("Processing")
        shop.standin.settle(paid_by)
        shop.sync(paid_by)
        assert "Download receipt" in shown("Completed")
        shop.standin.open_dispute(paid_by)
        shop.sync(paid_by)
        page = shown("Returned")
        assert "Taken back by your bank" in page
        assert "Download receipt" not in page
        assert browser.get(path(payment_id, "/receipt")).status_code == 404


def test_a_refund_is_shown(team, story, account, browser):
    invoice_id, payment_id = paid(story, account)

    def refund():
        refund_payment(
            one(Payment, payment_id),
            Money(20000, "EUR"),
            still_owed=False,
            reason="Between us",
            by=story.owner,
            request_key="refund",
            invoice=one(Invoice, invoice_id),
        )

    in_transaction(refund)
    page = text_of(browser.get("/portal/payments"))
    assert "Refunded" in page
    shown = text_of(browser.get(f"/portal/invoices/{encode_public_id('inv', invoice_id)}"))
    assert "Refunds" in shown
    assert "Between us" not in page + shown


def test_credit_says_where_it_came_from(team, story, account, browser):
    invoice_id, payment_id = paid(story, account)
    in_transaction(lambda: void_invoice(one(Invoice, invoice_id), by=story.owner, money="credit"))
    assert "You have €200.00 of credit" in text_of(browser.get("/portal/payments"))
    page = text_of(browser.get("/portal/credit"))
    assert encode_public_id("pay", payment_id) in page
    assert "Kept as credit" in text_of(browser.get(path(payment_id)))
    assert "€200.00 of credit" in text_of(browser.get("/portal/"))


def test_a_statement_tells_the_period_that_was_chosen(team, story, account, browser):
    paid(story, account, amount_minor=5000)
    page = text_of(browser.get("/portal/statement"))
    for shown in ("Opening balance", "Closing balance", "€200.00", "€50.00", "€150.00"):
        assert shown in page
    later = team_today() + timedelta(days=40)
    page = text_of(browser.get(f"/portal/statement?since={later}&until={later}"))
    assert "€150.00" in page
    assert "€50.00" not in page
    early = team_today() - timedelta(days=400)
    assert "Nothing to tell" in text_of(browser.get(f"/portal/statement?since={early}&until={early}"))


def test_a_statement_is_printed(team, story, account, browser):
    paid(story, account)
    answer = browser.get("/portal/statement/pdf")
    assert answer.get_data().startswith(b"%PDF")


@pytest.mark.parametrize("period", ["since=2026-03-02&until=2026-03-01", "since=1999-01-01&until=2026-01-01"])
def test_an_impossible_period_is_refused(team, browser, period):
    assert browser.get(f"/portal/statement?{period}").status_code == 422
    assert browser.get(f"/portal/statement/pdf?{period}").status_code == 422


def test_another_accounts_payment_is_not_there(team, story, account, browser):
    _, payment_id = paid(story, new_account("Other Ltd"))
    for address in (path(payment_id), path(payment_id, "/receipt")):
        assert browser.get(address).status_code == 404


def test_pages_ask_the_database_little(team, story, account, browser, query_counter):
    _, payment_id = paid(story, account)
    paid(story, account, key="other")
    for address, most in (
        ("/portal/payments", 8),
        (path(payment_id), 15),
        ("/portal/credit", 15),
        ("/portal/statement", 15),
    ):
        browser.get(address)
        with query_counter() as sent:
            assert browser.get(address).status_code == 200
        assert len(sent) <= most, (address, len(sent))


def test_dates_are_written_by_the_members_locale(team, story, account, browser):
    paid(story, account)
    in_transaction(lambda: setattr(session.merge(account), "locale", "de"))
    page = text_of(browser.get("/portal/payments"))
    assert "200,00\xa0€" in page
    assert re.search(r"\d{1,2}\. \w+\.? \d{4}|\d{1,2} \w+\.? \d{4}", page)
