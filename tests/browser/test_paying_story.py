"""Customers pay online, driven as a person would: at a desk and on a phone, every page judged by axe.

The app, the worker's code and the stand-in for Stripe are the real ones, on loopback.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import assert_accessible
from tests.browser.till import DECLINED, only_from_us, pay_by_bank, pay_by_card, press, seen, to_stripe

both = pytest.mark.parametrize("device", ["desktop", "phone"])
RECEIVED = "Payment received"


@both
def test_a_debit_is_processing_until_it_clears_and_open_again_when_returned(till, open_browser, sign_in, device):
    invoice_id = till.invoice()
    link = till.pay_link(invoice_id)
    payer, staff = open_browser(device), open_browser(device)
    sign_in(staff, till.story)
    payer.goto(link)
    to_stripe(payer)
    payer.get_by_text("SEPA Direct Debit", exact=True).click()
    assert_accessible(payer)
    pay_by_bank(payer, "Succeeds, is returned later")
    expect(payer.get_by_role("heading", name="Your bank payment is on its way")).to_be_visible()
    assert_accessible(payer)
    press(payer, "Back to the invoice")
    expect(payer.get_by_text("A bank payment of €200.00 is on its way")).to_be_visible()
    expect(payer.get_by_role("button", name=re.compile("^Pay"))).to_have_count(0)
    assert_accessible(payer)

    till.work()
    staff.goto(till.staff_page(invoice_id))
    expect(seen(staff.get_by_text("Processing", exact=True))).to_be_visible()
    expect(staff.get_by_text("usually clears within four business days")).to_be_visible()
    expect(staff.get_by_text("Nothing received yet · €200.00 processing · €200.00 outstanding")).to_be_visible()
    assert_accessible(staff)

    till.days_pass(business_days=4)
    payer.reload()
    expect(payer.get_by_text(re.compile(r"Paid on .* Thank you\."))).to_be_visible()
    staff.reload()
    expect(staff.get_by_text("Processing", exact=True)).to_have_count(0)
    expect(staff.get_by_role("progressbar", name="100% collected")).to_be_visible()
    assert "Receipt" in till.mail.letters[-1]["Subject"]

    till.days_pass(days=4)
    payer.reload()
    expect(payer.get_by_text("Amount due")).to_be_visible()
    expect(payer.get_by_text("Your bank took back a payment of €200.00")).to_be_visible()
    expect(payer.get_by_text("Returned", exact=True)).to_be_visible()
    expect(seen(payer.get_by_role("button", name="Pay €200.00"))).to_be_visible()
    assert_accessible(payer)
    staff.reload()
    expect(seen(staff.get_by_text("Disputed", exact=True))).to_be_visible()
    expect(staff.get_by_text("€200.00 outstanding")).to_be_visible()
    assert_accessible(staff)
    staff.goto(f"{till.base}/payments/attention")
    expect(staff.get_by_text("The bank returned a payment of €200.00: insufficient funds.")).to_be_visible()
    assert_accessible(staff)
    press(staff, "Resolve")
    expect(staff.get_by_text("Nothing needs attention")).to_be_visible()
    assert_accessible(staff)


def test_a_debit_that_bounces_is_told_to_both_and_can_be_paid_again(till, open_browser, sign_in):
    invoice_id = till.invoice()
    payer, staff = open_browser("phone"), open_browser()
    sign_in(staff, till.story)
    payer.goto(till.pay_link(invoice_id))
    to_stripe(payer)
    pay_by_bank(payer, "Fails on day 4: insufficient funds")
    press(payer, "Back to the invoice")
    till.days_pass(business_days=4)
    payer.reload()
    expect(payer.get_by_text("A payment of €200.00 did not go through")).to_be_visible()
    expect(payer.get_by_text("Failed", exact=True)).to_be_visible()
    assert_accessible(payer)
    staff.goto(till.staff_page(invoice_id))
    expect(staff.locator("#payments").get_by_text("Failed", exact=True)).to_be_visible()
    assert_accessible(staff)
    to_stripe(payer)
    pay_by_card(payer)
    expect(payer.get_by_role("heading", name=RECEIVED)).to_be_visible()


@both
def test_two_tabs_lead_to_one_page_and_the_second_learns_that_it_was_paid(till, open_browser, device):
    link = till.pay_link(till.invoice())
    first = open_browser(device)
    second, late = first.context.new_page(), first.context.new_page()
    for tab in (first, second, late):
        tab.goto(link)
    to_stripe(first)
    to_stripe(second)
    assert first.url == second.url
    assert len(till.pages_at_stripe()) == 1
    pay_by_card(first)
    expect(first.get_by_role("heading", name=RECEIVED)).to_be_visible()
    pay_by_card(second)
    expect(second.get_by_role("heading", name="This has been paid")).to_be_visible()
    assert_accessible(second)
    press(late, "Pay €200.00")  # It was open since before.
    expect(late.get_by_text("This invoice is paid. Thank you.")).to_be_visible()
    expect(late.get_by_role("button", name=re.compile("^Pay"))).to_have_count(0)
    assert_accessible(late)
    till.work()
    assert till.received() == [20000]


@both
def test_after_a_declined_card_another_one_pays_on_the_same_page(till, open_browser, sign_in, device):
    invoice_id = till.invoice()
    payer = open_browser(device)
    payer.goto(till.pay_link(invoice_id))
    to_stripe(payer)
    page = payer.url
    pay_by_card(payer, DECLINED)
    expect(payer.get_by_role("alert")).to_have_text("Your card was declined.")
    assert payer.url.startswith(page)
    assert_accessible(payer)
    pay_by_card(payer)
    expect(payer.get_by_role("heading", name=RECEIVED)).to_be_visible()
    till.work()
    staff = open_browser(device)
    sign_in(staff, till.story)
    staff.goto(till.staff_page(invoice_id))
    expect(staff.locator("#payments").get_by_text("1 payment received")).to_be_visible()
    assert len(till.pages_at_stripe()) == 1


def test_a_bank_that_asks_for_confirmation_is_answered(till, open_browser):
    payer = open_browser("phone")
    payer.goto(till.pay_link(till.invoice()))
    to_stripe(payer)
    pay_by_card(payer, "4000 0025 0000 3155")
    expect(payer.get_by_role("heading", name="Is this you?")).to_be_visible()
    assert_accessible(payer)
    payer.get_by_role("button", name="Fail authentication").click()
    expect(payer.get_by_role("alert")).to_be_visible()
    pay_by_card(payer, "4000 0025 0000 3155")
    payer.get_by_role("button", name="Complete authentication").click()
    expect(payer.get_by_role("heading", name=RECEIVED)).to_be_visible()


@both
def test_a_part_is_paid_where_the_team_allows_it(till, open_browser, sign_in, device):
    staff = open_browser(device)
    sign_in(staff, till.story)
    link = till.pay_link(till.invoice())
    payer = open_browser(device)
    payer.goto(link)
    expect(payer.get_by_text("Pay a part")).to_have_count(0)

    staff.goto(f"{till.base}/settings/payments")
    assert_accessible(staff)
    staff.get_by_label("Allow part payments").check()
    staff.get_by_label("Smallest part").fill("25")
    press(staff, "Save part payments")
    expect(staff.get_by_text("Part payments saved.")).to_be_visible()

    payer.reload()
    payer.get_by_text("Pay a part").click()
    expect(payer.get_by_text("From €50.00 to €200.00.")).to_be_visible()
    assert_accessible(payer)
    for wrong in ("49.99", "200.01"):
        payer.get_by_label("Amount").fill(wrong)
        press(payer, "Pay this amount")
        expect(payer.get_by_text("Pay from €50.00 to €200.00.")).to_be_visible()
        assert_accessible(payer)
    assert till.pages_at_stripe() == []
    payer.get_by_label("Amount").fill("60")
    to_stripe(payer, "Pay this amount")
    expect(payer.get_by_role("button", name="Pay 60.00 EUR")).to_be_visible()
    pay_by_card(payer)
    expect(payer.get_by_text("€140.00 of invoice INV-000001 is still open.")).to_be_visible()
    assert_accessible(payer)
    press(payer, "Back to the invoice")
    to_stripe(payer, "Pay €140.00")
    pay_by_card(payer)
    expect(payer.get_by_text("Invoice INV-000001 is paid.")).to_be_visible()


@both
def test_a_revoked_link_is_closed_to_strangers_and_a_new_one_opens(till, open_browser, sign_in, device):
    invoice_id = till.invoice()
    link = till.pay_link(invoice_id)
    staff, stranger = open_browser(device), open_browser(device)
    sign_in(staff, till.story)
    look(stranger, link)
    assert_accessible(stranger)
    look(staff, link)  # A teammate's look does not count.
    staff.goto(till.staff_page(invoice_id))
    expect(staff.get_by_text("Opened 1 time,")).to_be_visible()
    press(staff, "Revoke")
    expect(staff.get_by_text("Pay link revoked. Nobody can open the invoice with it any more.")).to_be_visible()
    assert_accessible(staff)

    answer = stranger.goto(link)
    assert answer is not None
    assert answer.status == 410
    expect(stranger.get_by_text("This link no longer works").last).to_be_visible()
    assert "INV-000001" not in stranger.content()
    assert_accessible(stranger)
    press(staff, "Make a link")
    shown = staff.locator("#pay-link").get_by_role("link").first.get_attribute("href")
    assert shown is not None
    assert shown != link
    look(stranger, shown)
    to_stripe(stranger)
    stranger.goto(link)
    expect(stranger.get_by_text("This link no longer works").last).to_be_visible()


def look(page: Page, link: str) -> None:
    """Have the page before one's eyes until it has told that it was looked at."""
    with page.expect_response(re.compile(r"/view$")) as told:
        page.goto(link)
        expect(page.get_by_text("Amount due")).to_be_visible()
    assert told.value.status == 204


def test_a_double_click_on_pay_makes_one_page(till, open_browser):
    payer = open_browser()
    payer.goto(till.pay_link(till.invoice()))
    seen(payer.get_by_role("button", name="Pay €200.00")).dblclick()
    expect(payer.get_by_role("heading", name="How would you like to pay?")).to_be_visible()
    assert len(till.pages_at_stripe()) == 1


@both
def test_the_way_back_from_the_payment_page_leads_to_it_again(till, open_browser, device):
    payer = open_browser(device)
    with only_from_us(payer, till.base):
        payer.goto(till.pay_link(till.invoice()))
        to_stripe(payer)
        payer.go_back()
        expect(payer.get_by_text("Amount due")).to_be_visible()
        to_stripe(payer)
        press(payer, "← Cancel and go back")
        expect(payer.get_by_text("Amount due")).to_be_visible()
        to_stripe(payer)
        assert len(till.pages_at_stripe()) == 1
        pay_by_card(payer)
        expect(payer.get_by_role("heading", name=RECEIVED)).to_be_visible()
    payer.go_back()  # To the page that was paid.
    expect(payer.get_by_role("heading", name="This has been paid")).to_be_visible()


def test_the_keyboard_alone_pays(till, open_browser):
    payer = open_browser()
    payer.goto(till.pay_link(till.invoice()))
    tab_to(payer, "Pay €200.00")
    payer.keyboard.press("Enter")
    expect(payer.get_by_role("heading", name="How would you like to pay?")).to_be_visible()
    tab_to(payer, "Pay 200.00 EUR")
    payer.keyboard.press("Enter")
    expect(payer.get_by_role("heading", name=RECEIVED)).to_be_visible()
    tab_to(payer, "Back to the invoice")
    payer.keyboard.press("Enter")
    expect(payer.get_by_text(re.compile(r"Paid on .* Thank you\."))).to_be_visible()


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the focus, which must be visible all along, is on what has this name."""
    for _ in range(25):
        page.keyboard.press("Tab")
        said, is_visible = page.evaluate(
            """() => { const on = document.activeElement, look = getComputedStyle(on);
                 return [on.innerText.trim(), look.outlineStyle !== 'none' || look.boxShadow !== 'none'] }"""
        )
        assert is_visible, f"the focus on {said!r} cannot be seen"
        if said == name:
            return
    raise AssertionError(f"Tab does not lead to {name}")


def test_paying_works_without_scripts(till, open_browser):
    invoice_id = till.invoice()
    payer = open_browser("phone", scripts=False)
    payer.goto(till.pay_link(invoice_id))
    to_stripe(payer)
    pay_by_card(payer, DECLINED)
    expect(payer.get_by_role("alert")).to_have_text("Your card was declined.")
    pay_by_card(payer)
    expect(payer.get_by_role("heading", name=RECEIVED)).to_be_visible()
    press(payer, "Back to the invoice")
    expect(payer.get_by_text(re.compile(r"Paid on .* Thank you\."))).to_be_visible()
    assert till.in_team(lambda: till.read(invoice_id).viewed_at) is not None  # The press told that somebody looked.
