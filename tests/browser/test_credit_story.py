"""Money that a customer is owed: refunds, credit from an overpayment or a void invoice, applied and sent back.

The app, the worker's code and the stand-in for Stripe are the real ones, on loopback.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from cornerspot.billing.online.checkout import Payer, start_checkout
from cornerspot.billing.settling import record_manual_payment
from cornerspot.db.transaction import in_transaction
from cornerspot.kit.ids import encode_public_id
from cornerspot.tenancy import team_scope, team_today
from tests.browser.conftest import assert_accessible
from tests.browser.invoice_page import assert_told, dialog, state
from tests.browser.till import Till, let_in, press

both = pytest.mark.parametrize(("device", "scheme"), [("desktop", "light"), ("phone", "dark")])


@pytest.fixture
def page(till, open_browser, server_url, device, scheme):
    """The owner's browser, signed in before."""
    opened = open_browser(device, scheme=scheme)
    let_in(opened, till.story, server_url)
    return opened


def pay_online(till: Till, invoice_id, *, while_open=None) -> None:
    """The customer pays by card; ``while_open`` happens before they press Pay."""
    with till.app.app_context(), team_scope(till.story.team):
        address = start_checkout(invoice_id, Payer("pay_link", f"{till.base}/done", till.base))
        if while_open:
            in_transaction(while_open)
        session_id = address.rsplit("/", 1)[1]
        till.standin.pay_with_card(session_id)
    till.work()


def pay_by_hand(till: Till, invoice_id, amount_minor: int) -> None:
    """Somebody recorded that money came by bank transfer."""
    record_manual_payment(
        till.read(invoice_id),
        amount_minor=amount_minor,
        method="bank_transfer",
        received_on=team_today(),
        by=till.story.owner,
        request_key=f"{invoice_id.hex}{amount_minor}",
    )


@both
def test_what_was_paid_too_much_is_applied_and_the_rest_sent_back(till, page):
    paid, next_one = till.invoice(), till.invoice("75")
    pay_online(till, paid, while_open=lambda: pay_by_hand(till, paid, 15000))
    page.goto(till.staff_page(paid))
    expect(state(page).get_by_text("Paid", exact=True)).to_be_visible()
    expect(page.locator("#payments").get_by_text("€150.00 of it is the customer’s credit")).to_be_visible()
    assert_accessible(page)

    page.goto(till.staff_page(next_one))
    press(page, "Apply credit of €150.00")
    asked = dialog(page, "Apply credit")
    expect(asked.get_by_label("Amount")).to_have_value("150.00")
    asked.get_by_label("Amount").fill("151")
    asked.get_by_role("button", name="Apply credit").click()
    asked = dialog(page, "Apply credit")
    asked.get_by_label("Amount").fill("100")
    asked.get_by_role("button", name="Apply credit").click()
    assert_told(page, "Credit of €100.00 applied.")
    expect(state(page).get_by_text("Partially paid")).to_be_visible()
    expect(page.locator("#payments").get_by_text("Customer credit")).to_be_visible()
    assert_accessible(page)

    page.goto(f"{till.base}/accounts/{encode_public_id('acc', till.account_id)}/invoices")
    expect(page.locator(".credit-row").get_by_text("€50.00")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Refund credit").click()
    asked = dialog(page, "Refund credit")
    asked.get_by_label("Reason").fill("Asked for it by phone")
    asked.get_by_role("button", name="Refund", exact=True).click()
    assert_told(page, "Refund of €50.00 is on its way.")
    till.work()
    page.reload()
    expect(page.locator(".credit-row")).to_have_count(0)
    assert_accessible(page)


@both
def test_money_on_a_void_invoice_is_kept_as_credit_or_sent_back(till, page):
    kept, sent_back = till.invoice(), till.invoice()
    till.in_team(lambda: (pay_by_hand(till, kept, 12000), pay_by_hand(till, sent_back, 20000)))
    page.goto(till.staff_page(kept))
    page.get_by_text("Advanced").click()
    press(page, "Void invoice")
    asked = dialog(page, "Void INV-000001")
    expect(asked.get_by_text("What becomes of the €120.00 that was collected?")).to_be_visible()
    asked.get_by_label("Type void to go on").fill("void")
    asked.get_by_role("button", name="Void invoice").click()  # Nothing happens: the choice is missing.
    expect(asked).to_be_visible()
    asked.get_by_label("Keep it as the customer’s credit").check()
    asked.get_by_role("button", name="Void invoice").click()
    assert_told(page, "Invoice INV-000001 is void.")
    expect(page.locator("#payments").get_by_text("€120.00 of it is the customer’s credit")).to_be_visible()
    assert_accessible(page)

    page.goto(till.staff_page(sent_back))
    page.get_by_text("Advanced").click()
    press(page, "Void invoice")
    asked = dialog(page, "Void INV-000002")
    asked.get_by_label("Refund it").check()
    asked.get_by_label("Type void to go on").fill("void")
    asked.get_by_role("button", name="Void invoice").click()
    assert_told(page, "Invoice INV-000002 is void.")
    expect(page.locator("#payments .bill-return")).to_contain_text("−€200.00")
    assert_accessible(page)


@both
def test_a_part_of_a_card_payment_goes_back_and_is_still_owed_or_not(till, page):
    invoice_id = till.invoice()
    pay_online(till, invoice_id)
    page.goto(till.staff_page(invoice_id))
    payments = page.locator("#payments")
    payments.get_by_role("button", name="Refund").click()
    asked = dialog(page, "Refund payment")
    asked.get_by_label("Amount", exact=True).fill("200.01")
    asked.get_by_role("button", name="Refund", exact=True).click()
    asked = dialog(page, "Refund payment")
    expect(asked.locator(".form-error")).to_be_visible()
    asked.get_by_label("Amount", exact=True).fill("60")
    asked.get_by_label("Reason").fill("One day was cancelled")
    asked.get_by_role("button", name="Refund", exact=True).click()
    assert_told(page, "Refund of €60.00 is on its way.")
    till.work()
    page.reload()
    expect(payments.get_by_text("One day was cancelled")).to_be_visible()
    expect(state(page).get_by_text("Paid", exact=True)).to_be_visible()
    assert_accessible(page)

    payments.get_by_role("button", name="Refund").click()
    asked = dialog(page, "Refund payment")
    asked.get_by_label("Amount", exact=True).fill("40")
    asked.get_by_label("Customer still owes this amount").check()
    asked.get_by_role("button", name="Refund", exact=True).click()
    till.work()
    page.reload()
    expect(state(page).get_by_text("Partially paid")).to_be_visible()
    expect(payments.get_by_text("€40.00 outstanding")).to_be_visible()
    assert_accessible(page)
