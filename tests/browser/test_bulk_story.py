"""Many invoices at once, drafts and finalized ones chosen together: sent, exported, deleted and restored."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.db.transaction import transaction
from cornerspot.jobs.worker import run_pending
from cornerspot.tenancy import team_scope
from tests.browser.conftest import assert_accessible
from tests.browser.invoice_page import assert_told, dialog
from tests.browser.till import let_in
from tests.factories.billing import new_account, new_draft
from tests.factories.mail_server import running_mail_server


@pytest.fixture
def mixed(app, story):
    """Two drafts and two open invoices, each of another customer."""
    with app.app_context(), team_scope(story.team), transaction():
        for number, name in enumerate(("Acme GmbH", "Bergwerk AG", "Café Müller", "Dorfladen eG")):
            draft = new_draft(story.owner, new_account(name))
            if number < 2:
                finalize_invoice(draft, by=story.owner)


@pytest.mark.usefixtures("empty_queue", "mixed")
@pytest.mark.parametrize(("device", "scheme"), [("desktop", "light"), ("phone", "dark")])
def test_a_mixed_choice_is_sent_exported_and_deleted(app, story, settings, open_browser, server_url, device, scheme):
    page = open_browser(device, scheme=scheme)
    let_in(page, story, server_url)
    rows, bar = page.locator("[data-bulk-row]"), page.locator("#bulk")

    def choose_all():
        for row in rows.all():
            row.check()
        expect(page.locator("[data-bulk-count]")).to_have_text(f"{rows.count()} selected")

    page.goto(f"{server_url}/{story.team.slug}/invoices")
    choose_all()
    assert_accessible(page)
    bar.get_by_role("button", name="Send").click()
    asked = dialog(page, "Send the selected invoices")
    expect(asked.get_by_text("4 selected")).to_be_visible()
    with running_mail_server(settings) as mail:
        asked.get_by_role("button", name="Send", exact=True).click()
        assert_told(page, "2 invoices on their way.")
        assert_told(page, "2 left alone.")
        assert_accessible(page)
        run_pending(app)
        assert len(mail.recipients) == 2

    choose_all()
    with page.expect_download() as download:
        bar.get_by_role("button", name="Export CSV").click()
    assert download.value.suggested_filename.endswith(".csv")

    page.reload()
    choose_all()
    bar.get_by_role("button", name="Delete").click()
    asked = dialog(page, "Delete the selected drafts")
    asked.get_by_role("button", name="Delete drafts").click()
    assert_told(page, "2 drafts moved to the Trash.")
    assert_told(page, "2 left alone.")
    expect(rows).to_have_count(2)

    page.get_by_role("link", name="Trash", exact=True).click()
    for _ in range(2):
        page.get_by_role("button", name="Restore").first.click()
        assert_told(page, "Draft restored.")
        page.goto(f"{server_url}/{story.team.slug}/invoices/trash")
    expect(page.get_by_text("The Trash is empty")).to_be_visible()
    assert_accessible(page)
