"""Sending, reminding, what was not delivered, and the settings of e-mail: as a person uses them."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.models import Invoice, MessageTemplate, ReminderSettings
from cornerspot.db import session
from cornerspot.db.transaction import transaction
from cornerspot.kit import clock
from cornerspot.kit.ids import encode_public_id
from cornerspot.mail.models import MailSettings, OutgoingMessage
from cornerspot.plans.features import Feature
from cornerspot.plans.switching import switch_off
from cornerspot.tenancy import team_scope
from tests.factories.billing import new_account, new_draft

ANNA = "anna@acme.example"


class World:
    """What a test arranges in the database before and looks at after a request."""

    def __init__(self, story):
        self.story = story

    def run(self, work):
        """The result of work in a transaction of its own."""
        with self.story.app.app_context(), team_scope(self.story.team), transaction():
            return work()

    def draft(self):
        return self.run(lambda: path_of(new_draft(self.story.owner)))

    def open(self, **changes):
        def work():
            invoice = finalize_invoice(new_draft(self.story.owner), by=self.story.owner)
            for name, value in changes.items():
                setattr(invoice, name, value)
            return path_of(invoice)

        return self.run(work)

    def messages(self):
        return self.run(lambda: [(row.recipient, row.kind, row.purpose, row.status) for row in _all(OutgoingMessage)])

    def one(self, model, attribute):
        return self.run(lambda: next(getattr(row, attribute) for row in _all(model)))

    def failed(self, path, purpose="invoice"):
        """The id of a message about the invoice that was refused."""

        def work():
            [invoice] = _all(Invoice)
            message = OutgoingMessage(
                mailing_id=invoice.id, dedupe_key=path, purpose=purpose, subject_type="invoice",
                subject_id=invoice.id, recipient="wrong@acme.example", subject_line="Your invoice", text_body="Here.",
                status="failed", failed_at=clock.now(), error="550 No such <person>",
            )  # fmt: skip
            session.add(message)
            session.flush()
            return encode_public_id("msg", message.id)

        return self.run(work)


def _all(model):
    return session.scalars(select(model).order_by(model.id)).all()


@pytest.fixture
def world(story):
    return World(story)


def path_of(invoice):
    return f"/invoices/{encode_public_id('inv', invoice.id)}"


def dialog(page, name):
    """The fields of a dialog's form as a browser would send them."""
    html = page.text
    html = html[html.index(f'<dialog class="sheet sheet-lg" id="{name}"') :]
    html = html[: html.index("</dialog>")]
    fields = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', html))
    fields |= {
        name: text.strip()
        for name, text in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', html, re.S)
    }
    return {name: text.replace("&#39;", "'") for name, text in fields.items()}


def token(page):
    return re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]


def test_the_dialog_proposes_the_customer_and_the_teams_words(client, world):
    page = client.get(world.open())
    fields = dialog(page, "send")
    assert "@acme.example" in fields["to"]
    assert fields["subject"].startswith("Invoice INV-000001 from")
    assert "Hello Acme GmbH," in fields["text"]
    assert "Send now" in page.text


def test_an_invoice_is_sent_and_the_page_says_so(client, world):
    path = world.open()
    fields = dialog(client.get(path), "send") | {"to": f"{ANNA}, paul@acme.example", "cc": "boss@acme.example"}
    for _ in range(2):
        answer = client.post(f"{path}/sending", data=fields, follow_redirects=True)
        assert answer.status_code == 200
    assert "Invoice INV-000001 on its way." in answer.text
    assert [recipient for recipient, *_ in world.messages()] == [ANNA, "paul@acme.example", "boss@acme.example"]
    assert answer.text.count("On its way") >= 3


def test_a_wrong_address_keeps_what_was_typed(client, world):
    path = world.open()
    fields = dialog(client.get(path), "send") | {"to": "anna at acme", "text": "My own <words> {number}"}
    answer = client.post(f"{path}/sending", data=fields)
    assert answer.status_code == 422
    assert "“anna” is not an e-mail address." in answer.text
    assert "My own &lt;words&gt; {number}" in answer.text
    assert "data-dialog-shown" in answer.text
    assert world.messages() == []


def test_a_draft_is_finalized_and_sent(client, world):
    path = world.draft()
    page = client.get(path)
    assert "Finalize and send" in page.text
    fields = dialog(page, "send")
    assert "{number}" in fields["subject"]
    answer = client.post(f"{path}/sending", data=fields, follow_redirects=True)
    assert "Invoice INV-000001 finalized and on its way." in answer.text
    assert world.one(OutgoingMessage, "subject_line").startswith("Invoice INV-000001 from")


def test_a_void_invoice_is_not_sent(client, world):
    path = world.open(status="void", voided_at=clock.now())
    page = client.get(path)
    assert 'id="send"' not in page.text
    answer = client.post(f"{path}/sending", data={"csrf_token": token(page), "to": ANNA, "subject": "S", "text": "T"})
    assert answer.status_code == 422
    assert "This invoice is void" in answer.text


def test_a_reminder_is_sent_by_hand(client, world):
    path = world.open(sent_at=clock.now())
    fields = dialog(client.get(path), "remind")
    assert "€200.00, due on" in fields["text"]
    answer = client.post(f"{path}/reminders", data=fields, follow_redirects=True)
    assert "Reminder sent" in answer.text
    assert [purpose for _, _, purpose, _ in world.messages()] == ["reminder"]


def test_the_ladder_stops_and_goes_on_for_an_invoice_and_a_customer(client, world):
    path = world.open(sent_at=clock.now())
    csrf = {"csrf_token": token(client.get(path))}
    assert "Next automatic reminder" in client.get(path).text
    page = client.post(f"{path}/reminder-pause", data=csrf, follow_redirects=True)
    assert "No automatic reminders for this invoice." in page.text
    page = client.post(f"{path}/reminder-pause", data=csrf | {"of": "account"}, follow_redirects=True)
    assert "No automatic reminders for Acme GmbH." in page.text
    assert "Acme GmbH" in client.get("/settings/reminders").text
    client.post(f"{path}/reminder-pause/removal", data=csrf)
    page = client.post(f"{path}/reminder-pause/removal", data=csrf | {"of": "account"}, follow_redirects=True)
    assert "Next automatic reminder" in page.text


def test_what_was_not_delivered_is_listed_and_sent_again(client, world):
    assert "Everything was delivered" in client.get("/deliveries").text
    path = world.open()
    message = world.failed(path)
    page = client.get("/deliveries")
    assert "wrong@acme.example" in page.text
    assert "550 No such &lt;person&gt;" in page.text
    assert "wrong@acme.example" in client.get(path).text
    csrf = {"csrf_token": token(page)}
    refused = client.post(f"/deliveries/{message}/resending", data=csrf | {"recipient": "nobody"})
    assert refused.status_code == 422
    assert "Enter an e-mail address like" in refused.text
    answer = client.post(
        f"/deliveries/{message}/resending", data=csrf | {"recipient": ANNA, "invoice": path.rpartition("/")[2]}
    )
    assert answer.status_code == 303
    assert answer.location.endswith(path)
    assert world.messages() == [(ANNA, "to", "invoice", "queued")]
    assert client.post(f"/deliveries/{message}/resending", data=csrf | {"recipient": ANNA}).status_code == 422
    assert "Everything was delivered" in client.get("/deliveries").text


@pytest.mark.parametrize("purpose", ["invitation", "portal_invitation", "test"])
def test_a_message_that_opens_a_door_is_not_sent_elsewhere_from_here(client, world, purpose):
    message = world.failed(world.open(), purpose=purpose)
    page = client.get("/deliveries")
    assert "wrong@acme.example" not in page.text
    csrf = {"csrf_token": token(page), "recipient": "me@example.com"}
    assert client.post(f"/deliveries/{message}/resending", data=csrf).status_code == 404
    assert client.post(f"/deliveries/{message}/dismissal", data=csrf).status_code == 404


def test_what_was_dealt_with_is_dismissed(client, world):
    message = world.failed(world.open())
    page = client.get("/deliveries")
    client.post(f"/deliveries/{message}/dismissal", data={"csrf_token": token(page)})
    assert "Everything was delivered" in client.get("/deliveries").text


def test_a_rep_reads_and_sends_nothing(story, world):
    path = world.open()
    message = world.failed(path)
    rep = story.sign_in("rep")
    page = rep.get(path)
    assert 'id="send"' not in page.text
    assert "wrong@acme.example" in page.text
    csrf = {"csrf_token": token(page)}
    for step in (f"{path}/sending", f"{path}/reminders", f"{path}/reminder-pause", f"/deliveries/{message}/resending"):
        assert rep.post(step, data=csrf).status_code == 403
    assert rep.get("/settings/email").status_code == 403


def test_pages_need_few_statements_however_many_messages(client, world, query_counter):
    path = world.open(sent_at=clock.now())
    client.get(path)
    with query_counter() as before:
        client.get(path)
    for number in range(12):
        world.failed(f"{path} {number}")
    with query_counter() as after:
        client.get(path)
    assert len(after) == len(before) <= 15, "\n".join(one[:80] for one in (*before, "", *after))
    client.get("/deliveries")
    with query_counter() as listed:
        client.get("/deliveries")
    assert len(listed) <= 8


def test_mail_has_the_colour_of_the_portal_and_its_own_only_without_one(app, client, world):
    page = client.get("/settings/email")
    fields = {"csrf_token": token(page), "version": "0", "sender_name": "Acme", "reply_to": ""}
    assert "Messages carry the colour of your portal." in page.text
    assert client.post("/settings/email", data=fields | {"accent": "#ABCDEF"}).status_code == 303
    assert world.one(MailSettings, "accent") == "#3650df"
    look = {"csrf_token": token(client.get("/settings/portal")), "version": "1", "accent": "#ABCDEF"}
    assert client.post("/settings/portal", data=look).status_code == 303
    assert world.one(MailSettings, "accent") == "#abcdef"
    with app.app_context(), team_scope(world.story.team), transaction():
        switch_off(Feature.PORTAL, by=world.story.owner)
    page = client.get("/settings/email")
    assert 'value="#abcdef"' in page.text
    assert client.post("/settings/email", data=fields | {"version": "2", "accent": "#123456"}).status_code == 303
    assert world.one(MailSettings, "accent") == "#123456"


def test_the_sender_is_set(client, world):
    page = client.get("/settings/email")
    fields = {"csrf_token": token(page), "version": "0", "sender_name": "Acme Billing", "reply_to": "b@acme.example"}
    refused = client.post("/settings/email", data=fields | {"reply_to": "nobody"})
    assert refused.status_code == 422
    assert "Enter an e-mail address like" in refused.text
    assert client.post("/settings/email", data=fields).status_code == 303
    assert client.post("/settings/email", data=fields | {"sender_name": "Another"}).status_code == 422
    path = world.open()
    client.post(f"{path}/sending", data=dialog(client.get(path), "send"))
    assert world.one(OutgoingMessage, "sender_name") == "Acme Billing"
    assert world.one(OutgoingMessage, "reply_to") == "b@acme.example"


@pytest.mark.parametrize("purpose", ["invoice", "reminder", "receipt"])
def test_a_message_is_written_previewed_tried_and_reset(client, world, purpose):
    address = f"/settings/email/{purpose}"
    page = client.get(address)
    fields = {"csrf_token": token(page), "version": "0", "subject": "About {number} {x", "text": "<i>{team}</i> {nope}"}
    preview = client.post(f"{address}/preview", data=fields)
    assert preview.status_code == 200
    assert "&lt;i&gt;Muster &amp; Söhne GmbH&lt;/i&gt; {nope}" in preview.text
    assert "unsafe-inline" in preview.headers["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in preview.headers["Content-Security-Policy"]
    assert "INV-000042" in client.get(f"{address}/preview").text
    tested = client.post(f"{address}/test", data=fields | {"request_key": "one"})
    assert tested.status_code == 200
    assert "A test is on its way to" in tested.text
    assert "&lt;i&gt;{team}&lt;/i&gt; {nope}" in tested.text
    assert [purpose for _, _, purpose, _ in world.messages()] == ["test"]
    saved = client.post(address, data=fields)
    assert saved.status_code == 303
    assert "so it is sent as it stands: {nope}" in client.get(saved.location).text
    assert world.one(MessageTemplate, "subject") == "About {number} {x"
    assert client.post(address, data=fields).status_code == 422
    assert client.post(address, data=fields | {"version": "1", "text": " "}).status_code == 422
    assert "Reset to default" in client.get(address).text
    client.post(f"{address}/reset", data={"csrf_token": token(page)})
    assert world.run(lambda: _all(MessageTemplate)) == []


def test_no_other_page_may_be_framed(client):
    assert "frame-ancestors 'none'" in client.get("/settings/email").headers["Content-Security-Policy"]


def test_the_ladder_is_set(client, world):
    page = client.get("/settings/reminders")
    assert 'value="14"' in page.text
    fields = {"csrf_token": token(page), "version": "0", "enabled": "y", "hour": "7"}
    refused = client.post("/settings/reminders", data=fields | {"step-0-days": "soon"})
    assert refused.status_code == 422
    assert "Enter whole numbers of days." in refused.text
    assert 'value="soon"' in refused.text
    rows = {"step-0-days": "2", "step-0-side": "before", "step-3-days": "10", "step-3-side": "after"}
    assert client.post("/settings/reminders", data=fields | rows).status_code == 303
    assert world.one(ReminderSettings, "steps") == [-2, 10]
    assert (
        client.get("/settings/reminders").text.count("days before the due date") == 4
    )  # Two are there, two to fill in.
    on_the_day = {"step-0-days": "3", "step-0-side": "on", "step-1-days": "", "step-1-side": "after", "version": "1"}
    assert client.post("/settings/reminders", data=fields | on_the_day).status_code == 303
    assert world.one(ReminderSettings, "steps") == [0]
    assert client.post("/settings/reminders", data=fields | rows).status_code == 422
    off = client.post("/settings/reminders", data={"csrf_token": token(page), "version": "2", "hour": "7"})
    assert off.status_code == 303
    path = world.open(sent_at=clock.now())
    assert "Automatic reminders are off" in client.get(path).text


def test_a_preview_uses_the_newest_invoice(client, world):
    world.run(lambda: finalize_invoice(new_draft(world.story.owner, new_account("Real AG")), by=world.story.owner))
    assert "Real AG" in client.get("/settings/email/invoice/preview").text
