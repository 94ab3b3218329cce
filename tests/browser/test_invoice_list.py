"""The list of invoices at work: searched, filtered, chosen from by mouse and by keys, at a desk and on a phone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.marking_sent import mark_sent
from cornerspot.billing.settling import record_manual_payment
from cornerspot.db.transaction import transaction
from cornerspot.jobs.worker import run_pending
from cornerspot.tenancy import team_scope, team_today
from tests.browser.conftest import assert_accessible
from tests.factories.billing import line, new_account, new_draft


@pytest.fixture
def invoices(app, story, empty_queue):
    """Two dozen invoices of several customers, in several states; the newest are drafts."""
    with app.app_context(), team_scope(story.team), transaction():
        names = ("Bergwerk Hallein AG", "Acme GmbH", "Café Müller & Söhne Kaffeerösterei und Handelsgesellschaft mbH")
        customers = [new_account(name) for name in names]
        by = story.owner
        for number in range(24):
            item = line(("Espresso machine", "Consulting", "Licences")[number % 3], unit_price=str(40 + number * 13))
            account, day = customers[number % 3], team_today() - timedelta(days=24 - number)
            draft = new_draft(
                by, account, [item], terms_days=(0, 30)[number % 2], invoice_on=day if number < 20 else None
            )
            if number < 20:
                finalize_invoice(draft, by=by)
                if number % 4 == 0:
                    mark_sent(draft, by=by)
                if number % 5 in (0, 3):
                    paid = draft.total_minor if number % 5 == 0 else 1000
                    record_manual_payment(
                        draft, amount_minor=paid, method="cash", received_on=day, by=by, request_key=str(number)
                    )
        finalize_invoice(new_draft(by, customers[0], [item], currency="CHF"), by=by)


def numbers(page: Page) -> list[str]:
    """What the rows are called, in order."""
    return page.locator("#invoices .row-link").all_inner_texts()


@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_the_list_is_searched_filtered_and_acted_on(app, story, invoices, open_browser, sign_in, server_url, device):
    page = open_browser(device)
    sign_in(page, story)
    page.goto(f"{server_url}/{story.team.slug}/invoices")
    expect(page.locator("#invoices .row-link")).to_have_count(25)
    assert_accessible(page)
    page.get_by_role("searchbox").fill("espresso")
    page.get_by_role("searchbox").press("Enter")
    expect(page.locator("#invoices .row-link")).to_have_count(8)
    page.get_by_role("button", name="Filter", exact=True).click()
    dialog = page.get_by_role("dialog", name="Filter invoices")
    dialog.get_by_label("Draft").check()
    assert_accessible(page)
    dialog.get_by_role("button", name="Apply").click()
    expect(page.locator("#invoices .row-link")).to_have_count(1)
    page.get_by_role("link", name="Remove filter “espresso”").click()
    expect(page.locator("#invoices .row-link")).to_have_count(4)

    for box in page.locator("[data-bulk-row]").all()[:2]:
        box.check()
    expect(page.locator("[data-bulk-count]")).to_have_text("2 selected")
    assert_accessible(page)
    page.locator("#bulk").get_by_role("button", name="Finalize").click()
    dialog = page.get_by_role("dialog", name="Finalize the selected drafts")
    expect(dialog.get_by_text("2 selected")).to_be_visible()
    dialog.get_by_role("button", name="Finalize").click()
    expect(page.get_by_text("2 invoices finalized.")).to_be_visible()
    expect(page.locator("#invoices .row-link")).to_have_count(2)

    page.goto(f"{server_url}/{story.team.slug}/invoices?status=open")
    page.locator("[data-bulk-row]").first.check()
    page.locator("#bulk").get_by_role("button", name="Download PDFs").click()
    expect(page.locator(".bar-label")).to_have_text("0 of 1")
    assert_accessible(page)
    run_pending(app)
    expect(page.get_by_role("link", name="Download Invoices")).to_be_visible(timeout=10_000)  # It asked by itself.
    assert_accessible(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download Invoices").click()
    assert download.value.suggested_filename.endswith(".zip")


def test_a_list_is_worked_through_by_keys(story, invoices, open_browser, sign_in, server_url):
    page = open_browser("desktop")
    sign_in(page, story)
    page.goto(f"{server_url}/{story.team.slug}/invoices")
    for key in ("j", "j", "x", "j", "j"):
        page.keyboard.press(key)
    expect(page.locator("[data-bulk-count]")).to_have_text("1 selected")
    page.keyboard.press("Shift+X")
    expect(page.locator("[data-bulk-count]")).to_have_text("3 selected")
    page.locator("[data-bulk-row]").nth(5).check()
    page.locator("[data-bulk-row]").nth(9).click(modifiers=["Shift"])
    expect(page.locator("[data-bulk-count]")).to_have_text("8 selected")
    page.get_by_label("Select all rows").check()
    expect(page.locator("[data-bulk-count]")).to_have_text("25 selected")
    page.get_by_role("button", name="Clear the selection").click()
    expect(page.locator("#bulk")).to_be_hidden()
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/invoices/inv_*")


def test_a_row_is_copied_and_sorted_by_its_heads(story, invoices, open_browser, sign_in, server_url):
    page = open_browser("desktop")
    sign_in(page, story)
    page.goto(f"{server_url}/{story.team.slug}/invoices?status=paid")
    before = numbers(page)
    page.get_by_role("link", name="Number").click()
    assert numbers(page) == sorted(before)
    page.get_by_role("link", name="Number").click()
    assert numbers(page) == sorted(before)[::-1]
    page.get_by_label(f"Duplicate {numbers(page)[0]}").click()
    page.get_by_role("dialog").get_by_role("button", name="Leave as draft").click()
    expect(page.get_by_text("Draft invoice created from a copy.")).to_be_visible()
