"""The main story, driven as a person would: a won deal becomes a paid invoice.

At a desk and on a phone; every page of it is judged by axe on the way.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from cornerspot.billing.models import Invoice
from cornerspot.db import session
from cornerspot.db.transaction import transaction
from cornerspot.jobs.worker import run_pending
from cornerspot.tenancy import team_scope
from tests.browser.conftest import assert_accessible
from tests.factories.catalog import make_tax_rate
from tests.factories.crm import make_account, make_contact, make_deal, make_line

Judge = Callable[[Page], None]


@pytest.fixture
def won_deal(app, story):
    """A won deal of three lines with tax and a discount that comes to 5,164.60: name and path."""
    with app.app_context(), team_scope(story.team), transaction():
        vat = make_tax_rate("19", name="VAT")
        account = make_account("Acme GmbH")
        make_contact(account, first_name="Anna", last_name="Berg", email="anna@acme.example")
        lines = (
            make_line("Onboarding workshop", "2", "1200", taxes=[vat], unit="day"),
            make_line("Seats, first year", "25", "48.50", taxes=[vat]),
            make_line("Data migration", "1", "727.50", taxes=[vat]),
        )
        deal = make_deal(account, name="Acme rollout 2027", lines=lines, won=True)
        total = deal.total_minor
    assert total == 516460  # (2,400.00 + 1,212.50 + 727.50) × 1.19
    return "Acme rollout 2027"


@pytest.mark.usefixtures("empty_queue")
@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_a_won_deal_becomes_a_paid_invoice(
    empty_queue, app, story, won_deal, open_browser, sign_in, server_url, device
):
    page = open_browser(device)
    sign_in(page, story)
    assert_accessible(page)
    page.goto(f"{server_url}/{story.team.slug}/deals")
    assert_accessible(page)
    page.get_by_role("link", name=won_deal).first.click()
    expect(page.get_by_role("heading", name=won_deal)).to_be_visible()
    assert_accessible(page)

    walk_the_wizard(page)
    press(page, "Run conversion")
    expect(page.get_by_role("link", name="Open invoice")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("link", name="Open invoice").click()

    expect(page.get_by_text("€5,164.60").first).to_be_visible()
    expect(page.get_by_role("link", name=won_deal).first).to_be_visible()  # linked records
    assert_accessible(page)
    press(page, "Finalize invoice")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("INV-000001")
    assert_accessible(page)
    dialog.get_by_role("button", name="Finalize invoice").click()
    expect(page.get_by_role("heading", name="INV-000001").first).to_be_visible()
    assert_accessible(page)

    run_pending(app)  # The worker renders the PDF.
    document = download_pdf(page)
    assert document.startswith(b"%PDF-")

    press(page, "Record manual payment")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Amount")).to_have_value(re.compile(r"5,?164\.60"))
    dialog.get_by_label("Method").select_option(label="Bank transfer")
    dialog.get_by_label("Reference").fill("Statement 11")
    assert_accessible(page)
    dialog.get_by_role("button", name="Record payment").click()
    expect(page.get_by_text("Total paid").first).to_be_visible()
    expect(page.get_by_text("Bank transfer").first).to_be_visible()
    assert_accessible(page)

    page.goto(f"{server_url}/{story.team.slug}/invoices")
    expect(page.get_by_role("link", name="INV-000001").first).to_be_visible()
    assert_accessible(page)
    assert download_pdf_again(page) == document


def test_the_wizard_is_resumed_in_a_second_browser(story, won_deal, open_browser, sign_in, server_url):
    first = open_browser()
    sign_in(first, story)
    first.goto(f"{server_url}/{story.team.slug}/deals")
    first.get_by_role("link", name=won_deal).first.click()
    walk_the_wizard(first, until="Billing", note="Ask Berta before sending")
    second = open_browser("phone")
    sign_in(second, story)
    second.goto(first.url)
    expect(second.get_by_label("Internal note")).to_have_value("Ask Berta before sending")
    press(second, "Continue")
    press(second, "Run conversion")
    expect(second.get_by_role("link", name="Open invoice")).to_be_visible()
    first.reload()
    expect(first.get_by_role("link", name="Open invoice")).to_be_visible()


def test_a_double_click_on_run_makes_one_invoice(app, story, won_deal, open_browser, sign_in, server_url):
    page = open_browser()
    sign_in(page, story)
    page.goto(f"{server_url}/{story.team.slug}/deals")
    page.get_by_role("link", name=won_deal).first.click()
    walk_the_wizard(page)
    page.get_by_role("button", name="Run conversion").dblclick()
    expect(page.get_by_role("link", name="Open invoice")).to_be_visible()
    with app.app_context(), team_scope(story.team):
        assert session.scalars(select(func.count()).select_from(Invoice)).one() == 1


def test_run_in_two_tabs_makes_one_invoice_and_tells_the_second(
    app, story, won_deal, open_browser, sign_in, server_url
):
    page = open_browser()
    sign_in(page, story)
    page.goto(f"{server_url}/{story.team.slug}/deals")
    page.get_by_role("link", name=won_deal).first.click()
    walk_the_wizard(page)
    other = page.context.new_page()
    other.goto(page.url)
    press(page, "Run conversion")
    expect(page.get_by_role("link", name="Open invoice")).to_be_visible()
    press(other, "Run conversion")
    expect(other.get_by_role("link", name="Open invoice")).to_be_visible()
    with app.app_context(), team_scope(story.team):
        assert session.scalars(select(func.count()).select_from(Invoice)).one() == 1


def test_the_back_button_after_run_leads_to_the_summary(story, won_deal, open_browser, sign_in, server_url):
    page = open_browser()
    sign_in(page, story)
    page.goto(f"{server_url}/{story.team.slug}/deals")
    page.get_by_role("link", name=won_deal).first.click()
    walk_the_wizard(page)
    press(page, "Run conversion")
    expect(page.get_by_role("link", name="Open invoice")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("link", name="Open invoice")).to_be_visible()


def test_the_story_works_without_scripts(story, won_deal, open_browser, sign_in, server_url):
    page = open_browser(scripts=False)
    sign_in(page, story)
    page.goto(f"{server_url}/{story.team.slug}/deals")
    page.get_by_role("link", name=won_deal).first.click()
    walk_the_wizard(page, judge=lambda _: None)  # axe itself is a script.
    press(page, "Run conversion")
    page.get_by_role("link", name="Open invoice").click()
    expect(page.get_by_text("€5,164.60").first).to_be_visible()


def walk_the_wizard(page: Page, *, until: str = "Review", note: str = "", judge: Judge = assert_accessible) -> None:
    """From the deal's page to the step named, answering as most people do."""
    press(page, "Mark Won + Convert")
    expect(page).to_have_url(re.compile("/conversions/cnv_"))
    judge(page)
    page.get_by_role("checkbox", name=re.compile("I have checked")).check()
    press(page, "Continue")
    judge(page)
    page.get_by_text("Skip for now").click()
    press(page, "Continue")
    judge(page)
    if note:
        page.get_by_label("Internal note").fill(note)
        press(page, "Continue")
        page.get_by_role("link", name="Back").click()
    elif until == "Review":
        press(page, "Continue")
        judge(page)
    step = page.locator("[aria-current=step]")
    expect(step).to_contain_text(until)


def press(page: Page, name: str) -> None:
    """Press the visible button (or link) with this name: a phone has its own at the bottom."""
    buttons = page.get_by_role("button", name=name, exact=True).or_(page.get_by_role("link", name=name, exact=True))
    buttons.locator("visible=true").first.click()


def download_pdf(page: Page) -> bytes:
    """The bytes behind Download PDF, fetched with the page's session."""
    href = page.get_by_role("link", name="Download PDF").first.get_attribute("href")
    assert href is not None
    answer = page.request.get(page.evaluate("href => new URL(href, location.href).href", href))
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/pdf"
    assert "INV-000001" in answer.headers["content-disposition"]
    return answer.body()


def download_pdf_again(page: Page) -> bytes:
    """The same document, after the payment: the stored bytes."""
    page.get_by_role("link", name="INV-000001").first.click()
    return download_pdf(page)
