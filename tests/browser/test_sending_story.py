"""An invoice is sent, one address is wrong, it is mended; the words and the ladder are the team's own.

At a desk and on a phone, through a real mail server; every page is judged by axe.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.db.transaction import transaction
from cornerspot.jobs.worker import run_pending
from cornerspot.kit.ids import encode_public_id
from cornerspot.tenancy import team_scope
from tests.browser.conftest import assert_accessible
from tests.factories.billing import new_account, new_contact, new_draft
from tests.factories.mail_server import running_mail_server


@pytest.fixture
def mail(settings, empty_queue):
    with running_mail_server(settings) as server:
        yield server


@pytest.fixture
def invoice(app, story):
    """The path of an open invoice that was not sent."""
    with app.app_context(), team_scope(story.team), transaction():
        account = new_account()
        draft = new_draft(story.owner, account, contact=new_contact(account))
        return f"/invoices/{encode_public_id('inv', finalize_invoice(draft, by=story.owner).id)}"


def press(page: Page, name: str) -> None:
    """Press the first visible button with this name: a phone has its own at the bottom."""
    page.get_by_role("button", name=name, exact=True).locator("visible=true").first.click()


@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_an_invoice_is_sent_and_a_wrong_address_is_mended(
    app, story, mail, invoice, open_browser, sign_in, server_url, device
):
    mail.answers["wrong@acme.example"] = "550 5.1.1 No such person"
    page = open_browser(device)
    sign_in(page, story)
    page.goto(f"{server_url}/{story.team.slug}{invoice}")
    press(page, "Send invoice")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Subject")).to_have_value(f"Invoice INV-000001 from {story.team.name}")
    assert_accessible(page)
    dialog.get_by_label("Cc").fill("wrong@acme.example")
    dialog.get_by_role("button", name="Send invoice").click()
    expect(page.get_by_text("Invoice INV-000001 on its way.")).to_be_visible()
    expect(page.locator("#delivery").get_by_text("On its way")).to_have_count(2)

    run_pending(app)
    page.reload()
    delivery = page.locator("#delivery")
    expect(delivery.get_by_text("Accepted")).to_be_visible()
    expect(delivery.get_by_text("550 5.1.1 No such person")).to_be_visible()
    assert_accessible(page)
    delivery.get_by_role("button", name="Send again", exact=True).last.click()
    dialog = page.get_by_role("dialog")
    assert_accessible(page)
    dialog.get_by_label("E-mail").fill("right@acme.example")
    dialog.get_by_role("button", name="Send again").click()
    expect(page.get_by_text("On its way to right@acme.example.")).to_be_visible()
    run_pending(app)
    assert mail.recipients[-1] == "right@acme.example"

    page.reload()
    press(page, "Send reminder")
    page.get_by_role("dialog").get_by_role("button", name="Send reminder").click()
    expect(page.get_by_text("Reminder sent", exact=True)).to_be_visible()
    run_pending(app)
    assert mail.letters[-1]["Subject"].startswith("Reminder: INV-000001")


@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_the_team_writes_its_own_words_and_ladder(app, story, mail, open_browser, sign_in, server_url, device):
    page = open_browser(device)
    sign_in(page, story)
    base = f"{server_url}/{story.team.slug}"
    page.goto(f"{base}/settings/email")
    assert_accessible(page)
    page.goto(f"{base}/settings/email/invoice")
    assert_accessible(page)
    page.get_by_label("Text").fill("Dear {contact}, {nonsense} <b>thanks</b>.")
    for _ in range(2):
        press(page, "Preview")
        expect(page.frame_locator("iframe").get_by_text("Dear Anna Berg, {nonsense} <b>thanks</b>.")).to_be_visible()
    press(page, "Send me a test")
    expect(page.get_by_text("A test is on its way")).to_be_visible()
    press(page, "Save")
    expect(page.get_by_text("Invoice message saved.")).to_be_visible()
    run_pending(app)
    assert mail.letters[-1]["Subject"].startswith("Test: Invoice INV-000042")

    page.goto(f"{base}/settings/reminders")
    assert_accessible(page)
    page.get_by_label("Reminder 4: days").fill("21")
    press(page, "Save")
    expect(page.get_by_text("Reminders saved.")).to_be_visible()
    expect(page.get_by_label("Reminder 4: days")).to_have_value("21")
    page.goto(f"{base}/deliveries")
    assert_accessible(page)
