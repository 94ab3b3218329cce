"""What is done with an invoice on its page, each action with its hands: at a desk in the light, on a phone in the dark.

Every page and every open dialog is judged by axe on the way.
"""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.db.transaction import transaction
from cornerspot.jobs.worker import run_pending
from cornerspot.kit.ids import encode_public_id
from cornerspot.tenancy import team_scope, team_today
from tests.browser.conftest import assert_accessible
from tests.browser.invoice_page import assert_told, choose, dialog, state
from tests.browser.till import let_in, press
from tests.factories.billing import line, new_account, new_contact, new_draft
from tests.factories.mail_server import running_mail_server

LOOKS = [("desktop", "light"), ("phone", "dark")]
both = pytest.mark.parametrize(("device", "scheme"), LOOKS)
pytestmark = pytest.mark.usefixtures("empty_queue")


@pytest.fixture
def make_invoice(app, story, server_url):
    """Makes an invoice over 200.00 of a customer with a contact, and gives its address; ``days_late`` finalizes it."""

    def make(*, days_late: int | None = None, unit_price: str = "100") -> str:
        with app.app_context(), team_scope(story.team), transaction():
            account = new_account()
            late = days_late or 0
            invoice = new_draft(
                story.owner,
                account,
                [line(unit_price=unit_price)],
                contact=new_contact(account),
                terms_days=0 if late else 30,
                invoice_on=team_today() - timedelta(days=late) if late else None,
            )
            if days_late is not None:
                finalize_invoice(invoice, by=story.owner)
            return f"{server_url}/{story.team.slug}/invoices/{encode_public_id('inv', invoice.id)}"

    return make


@pytest.fixture
def page(open_browser, story, server_url, device, scheme):
    """The owner's browser, signed in before."""
    opened = open_browser(device, scheme=scheme)
    let_in(opened, story, server_url)
    return opened


@both
def test_a_draft_is_copied_cancelled_deleted_and_restored(page, make_invoice):
    draft = make_invoice()
    page.goto(draft)
    assert_accessible(page)
    choose(page, "Duplicate")
    dialog(page, "Duplicate invoice").get_by_role("button", name="Leave as draft").click()
    assert_told(page, "Draft invoice created from a copy.")
    assert page.url != draft
    expect(page.locator("#linked").get_by_text("Copied from")).to_be_visible()
    assert_accessible(page)

    choose(page, "Cancel invoice")
    asked = dialog(page, "Cancel this draft")
    asked.get_by_label("Reason").fill("Ordered by mistake")
    asked.get_by_role("button", name="Cancel invoice").click()
    assert_told(page, "Draft cancelled.")
    expect(page.get_by_role("heading", name="Cancelled draft")).to_be_visible()
    expect(page.locator("#activity").get_by_text("Ordered by mistake")).to_be_visible()
    assert_accessible(page)

    choose(page, "Delete draft")
    assert_told(page, "Draft moved to the Trash for 30 days.")
    assert_accessible(page)
    page.get_by_role("link", name="Trash", exact=True).click()
    expect(page.get_by_role("heading", name="Trash")).to_be_visible()
    assert_accessible(page)
    page.locator(".row-link").click()
    expect(page.get_by_text("This draft is in the Trash.")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Restore").click()
    assert_told(page, "Draft restored.")
    expect(state(page).get_by_text("Cancelled")).to_be_visible()

    page.goto(draft)
    choose(page, "Duplicate")
    page.get_by_role("dialog").get_by_role("button", name="Finalize immediately").click()
    assert_told(page, "Copy finalized as INV-000001.")
    expect(page.get_by_role("heading", name="INV-000001")).to_be_visible()
    assert_accessible(page)


@both
def test_an_invoice_is_marked_sent_paid_by_hand_and_the_payment_undone(page, make_invoice):
    page.goto(make_invoice(days_late=0))
    assert_accessible(page)
    choose(page, "Mark as sent")
    assert_told(page, "Invoice INV-000001 marked as sent.")
    expect(state(page).get_by_text("Sent", exact=True)).to_be_visible()

    press(page, "Record manual payment")
    form = dialog(page, "Record payment")
    form.get_by_label("Amount").fill("200.01")
    form.get_by_role("button", name="Record payment").click()
    form = dialog(page, "Record payment")  # It is open again and says what is wrong.
    expect(form.get_by_text("Only €200.00 is outstanding. Enter that or less.")).to_be_visible()
    form.get_by_label("Amount").fill("80")
    form.get_by_label("Method").select_option(label="Check")
    form.get_by_label("Reference").fill("No. 4711")
    form.get_by_label("Internal note").fill("Handed over at the fair")
    form.get_by_role("button", name="Record payment").click()
    assert_told(page, "Payment of €80.00 recorded.")
    expect(state(page).get_by_text("Partially paid")).to_be_visible()
    expect(page.get_by_role("progressbar", name="40% collected")).to_be_visible()
    payments = page.locator("#payments")
    expect(payments.get_by_text("Handed over at the fair")).to_be_visible()
    assert_accessible(page)

    payments.get_by_role("button", name="Undo").click()
    asked = dialog(page, "Undo payment of €80.00")
    asked.get_by_role("button", name="Undo payment").click()
    expect(asked.get_by_role("alert")).to_be_visible()
    asked = dialog(page, "Undo payment of €80.00")
    asked.get_by_label("Why is it undone?").fill("The check bounced")
    asked.get_by_role("button", name="Undo payment").click()
    assert_told(page, "Payment of €80.00 undone.")
    expect(payments.get_by_text("Undone", exact=True)).to_be_visible()
    expect(payments.get_by_text("The check bounced")).to_be_visible()
    expect(state(page).get_by_text("Open", exact=True)).to_be_visible()
    assert_accessible(page)


@both
def test_an_invoice_is_voided_and_corrected_in_a_copy(page, make_invoice):
    page.goto(make_invoice(days_late=0))
    choose(page, "Void invoice")
    asked = dialog(page, "Void INV-000001")
    asked.get_by_label("Reason").fill("Wrong price")
    asked.get_by_label("Void and copy to draft, to correct it").check()
    asked.get_by_role("button", name="Void invoice").click()  # Nothing happens: the word is missing.
    expect(asked).to_be_visible()
    asked.get_by_label("Type void to go on").fill("VOID")
    asked.get_by_role("button", name="Void invoice").click()
    assert_told(page, "Invoice INV-000001 is void. This is the copy to correct.")
    assert_accessible(page)

    page.get_by_role("textbox", name=re.compile("^Unit price")).first.fill("90")
    press(page, "Save")
    assert_told(page, "Invoice saved")
    assert_accessible(page)
    page.locator("#linked").get_by_role("link", name="INV-000001").click()
    expect(state(page).get_by_text("Void", exact=True)).to_be_visible()
    expect(page.locator("#linked").get_by_text("Replaced by")).to_be_visible()
    expect(page.locator("#activity").get_by_text("Wrong price")).to_be_visible()
    expect(page.get_by_role("button", name="Record manual payment")).to_have_count(0)
    assert_accessible(page)


@both
def test_an_overdue_invoice_is_written_off_reopened_and_paid_after_all(page, make_invoice):
    page.goto(make_invoice(days_late=40))
    expect(state(page).get_by_text("Overdue")).to_be_visible()
    expect(page.get_by_text("40 days late")).to_be_visible()
    assert_accessible(page)
    page.get_by_text("Advanced").click()
    assert_accessible(page)
    press(page, "Mark uncollectible")
    asked = dialog(page, "Mark INV-000001 uncollectible")
    asked.get_by_label("Why will nobody pay it?").fill("Insolvent")
    asked.get_by_role("button", name="Mark uncollectible").click()
    assert_told(page, "Invoice INV-000001 is marked uncollectible.")
    expect(state(page).get_by_text("Uncollectible")).to_be_visible()
    assert_accessible(page)

    press(page, "Reopen")
    asked = dialog(page, "Reopen INV-000001")
    asked.get_by_label("Reason").fill("The administrator pays")
    asked.get_by_role("button", name="Reopen").click()
    assert_told(page, "Invoice INV-000001 is reopened.")
    expect(state(page).get_by_text("Overdue")).to_be_visible()
    choose(page, "Record payment")
    dialog(page, "Record payment").get_by_role("button", name="Record payment").click()
    assert_told(page, "Payment of €200.00 recorded. The invoice is paid.")
    expect(state(page).get_by_text("Paid", exact=True)).to_be_visible()
    assert_accessible(page)


@both
def test_a_draft_is_finalized_and_sent_and_reminded_of_by_hand(app, settings, page, make_invoice):
    with running_mail_server(settings) as mail:
        page.goto(make_invoice())
        choose(page, "Finalize and send")
        letter = dialog(page, "Send invoice")
        letter.get_by_label("To").fill("not an address")
        letter.get_by_role("button", name="Finalize and send").click()
        letter = dialog(page, "Send invoice")
        expect(letter.get_by_label("To")).to_have_value("not an address")
        letter.get_by_label("To").fill("anna@acme.example, books@acme.example")
        letter.get_by_role("button", name="Finalize and send").click()
        assert_told(page, "Invoice INV-000001 finalized and on its way.")
        expect(page.get_by_role("heading", name="INV-000001")).to_be_visible()
        assert_accessible(page)
        run_pending(app)
        assert sorted(mail.recipients) == ["anna@acme.example", "books@acme.example"]

        page.reload()
        expect(state(page).get_by_text("Sent", exact=True)).to_be_visible()
        choose(page, "Send reminder")
        letter = dialog(page, "Remind of INV-000001")
        expect(letter.get_by_label("Message")).to_have_value(re.compile("€200.00, due on"))
        letter.get_by_role("button", name="Send reminder").click()
        assert_told(page, "Reminder sent")
        run_pending(app)
        assert mail.letters[-1]["Subject"].startswith("Reminder: INV-000001")
        page.reload()
        expect(page.locator("#delivery").get_by_text("Reminder", exact=True)).to_be_visible()
        assert_accessible(page)


@both
def test_notes_stand_beside_what_happened(page, make_invoice):
    page.goto(make_invoice(days_late=0))
    activity = page.locator("#activity")
    activity.get_by_role("textbox").fill("Berta knows the buyer.\nAsk her first. <b>")
    activity.get_by_role("button", name="Add note").click()
    assert_told(page, "Note added.")
    expect(activity.get_by_text("Ask her first. <b>")).to_be_visible()
    activity.get_by_role("link", name="Events").click()
    expect(activity.get_by_text("Ask her first. <b>")).to_have_count(0)
    activity.get_by_role("link", name="Notes").click()
    expect(activity.get_by_text("Ask her first. <b>")).to_be_visible()
    assert_accessible(page)


@pytest.mark.parametrize(("device", "scheme"), LOOKS[:1])
def test_a_dialog_is_worked_by_keys_alone(page, make_invoice):
    page.goto(make_invoice(days_late=0))
    opener = page.get_by_role("button", name="Record manual payment")
    opener.focus()
    page.keyboard.press("Enter")
    form = page.get_by_role("dialog", name="Record payment")
    expect(form.get_by_label("Amount")).to_be_focused()
    page.keyboard.press("Escape")
    expect(form).to_be_hidden()
    expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    expect(form.get_by_label("Amount")).to_be_focused()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type("50")
    page.keyboard.press("Enter")
    assert_told(page, "Payment of €50.00 recorded.")
