"""Sending invoices through a real mail server: who got what, and what the invoice says of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from cornerspot.activity.reading import entries_of
from cornerspot.billing.deliveries import deliveries_of, undelivered_page
from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.models import Invoice
from cornerspot.billing.sending import LetterInput, send_invoice
from cornerspot.billing.voiding import void_invoice
from cornerspot.db import session
from cornerspot.db.transaction import in_transaction, transaction
from cornerspot.jobs.worker import run_pending
from cornerspot.kit.errors import Conflict, Invalid, PermissionDenied
from cornerspot.mail.models import OutgoingMessage
from cornerspot.mail.queueing import dismiss, resend
from cornerspot.mail.sending import MOST_TRIES
from cornerspot.settings import Settings
from cornerspot.tenancy import CurrentTeam, team_scope
from tests.factories.billing import new_account, new_contact, new_draft
from tests.factories.mail_server import BREAK_OFF, HANG, MailServer, running_mail_server
from tests.factories.teams import Story

ANNA, PAUL, BOSS = "anna@acme.example", "paul@acme.example", "boss@acme.example"


@pytest.fixture
def mail(settings: Settings, empty_queue: None) -> Iterator[MailServer]:
    with running_mail_server(settings) as server:
        yield server


class Desk:
    """One invoice, sent and looked at as the owner of the team."""

    def __init__(self, app: Flask, story: Story) -> None:
        self.app, self.by = app, story.owner
        with transaction():
            account = new_account()
            draft = new_draft(self.by, account, contact=new_contact(account))
            self.id = finalize_invoice(draft, by=self.by).id

    @property
    def invoice(self) -> Invoice:
        session.rollback()
        session.expire_all()
        return session.scalars(select(Invoice).where(Invoice.id == self.id)).one()

    def send(self, to: str = ANNA, key: str = "click", **fields: Any) -> None:
        with transaction():
            send_invoice(self.invoice, LetterInput(to, request_key=key, **fields), by=self.by)

    def deliver(self) -> None:
        """The worker runs until nothing is due."""
        session.rollback()
        run_pending(self.app)

    def try_again(self) -> None:
        """The worker runs as if the next try were due."""
        with transaction():
            session.execute(text("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'"))
        self.deliver()

    def states(self) -> dict[str, str]:
        return {message.recipient: message.status for message in deliveries_of(self.invoice)}

    def message(self, recipient: str = ANNA) -> OutgoingMessage:
        return next(message for message in deliveries_of(self.invoice) if message.recipient == recipient)

    def events(self) -> list[str]:
        return [entry.event for entry in entries_of(self.invoice).rows]


@pytest.fixture
def desk(app: Flask, story: Story, team: CurrentTeam, mail: MailServer) -> Desk:
    return Desk(app, story)


def test_an_invoice_is_sent_once_a_mail_server_has_taken_it(desk: Desk, mail: MailServer) -> None:
    desk.send(subject="Invoice {number}", text="Dear {contact}, please pay {amount_due}.")
    assert desk.states() == {ANNA: "queued"}
    assert desk.invoice.sent_at is None
    desk.deliver()
    assert desk.states() == {ANNA: "accepted"}
    assert desk.invoice.sent_at == desk.message().accepted_at
    assert desk.events()[0] == "sent"
    [letter] = mail.letters
    assert letter["Subject"] == "Invoice INV-000001"
    assert "Dear Anna Berg, please pay €200.00." in letter.get_body(("plain",)).get_content()
    assert "/pay/pl_" in letter.get_body(("plain",)).get_content()
    assert "View invoice" in letter.get_body(("html",)).get_content()
    [attachment] = letter.iter_attachments()
    assert attachment.get_filename() == "INV-000001 Acme GmbH.pdf"
    assert attachment.get_content().startswith(b"%PDF-")


def test_everybody_named_sees_the_others_and_gets_one_copy(desk: Desk, mail: MailServer) -> None:
    desk.send(f"Anna Berg <{ANNA}>; {PAUL}", cc=f"{BOSS}, {PAUL.upper()}")
    desk.deliver()
    assert sorted(mail.recipients) == [ANNA, BOSS, PAUL]
    for letter in mail.letters:
        assert [one.addr_spec for one in letter["To"].addresses] == [ANNA, PAUL]
        assert [one.addr_spec for one in letter["Cc"].addresses] == [BOSS]
    assert len({letter["Message-ID"] for letter in mail.letters}) == 1
    assert len({letter["X-Return-Token"] for letter in mail.letters}) == 3


def test_one_of_two_recipients_may_be_refused(desk: Desk, mail: MailServer) -> None:
    mail.answers[PAUL] = "550 5.1.1 No such person"
    desk.send(f"{ANNA}, {PAUL}")
    desk.deliver()
    assert desk.states() == {ANNA: "accepted", PAUL: "failed"}
    assert desk.message(PAUL).error == "550 5.1.1 No such person"
    assert desk.invoice.sent_at is not None
    assert set(desk.events()[:2]) == {"sent", "not_delivered"}
    assert [message.recipient for message in undelivered_page().rows] == [PAUL]


def test_a_copy_that_was_accepted_does_not_make_the_invoice_sent(desk: Desk, mail: MailServer) -> None:
    mail.answers[ANNA] = "550 No"
    desk.send(ANNA, cc=BOSS)
    desk.deliver()
    assert desk.states() == {ANNA: "failed", BOSS: "accepted"}
    assert desk.invoice.sent_at is None


def test_a_deferred_message_is_tried_for_three_days_and_then_failed(desk: Desk, mail: MailServer) -> None:
    mail.answers[ANNA] = "451 4.7.1 Greylisted"
    desk.send()
    desk.deliver()
    assert desk.message().status == "queued"
    assert desk.message().next_try_at is not None
    for _ in range(MOST_TRIES - 1):
        assert desk.message().status == "queued"
        desk.try_again()
    message = desk.message()
    assert (message.status, message.tries, message.error) == ("failed", MOST_TRIES, "451 4.7.1 Greylisted")
    assert desk.invoice.sent_at is None
    desk.try_again()
    assert mail.conversations == MOST_TRIES


def test_a_server_that_hangs_is_left_and_asked_again(desk: Desk, mail: MailServer) -> None:
    mail.answers[ANNA] = HANG
    desk.send()
    desk.deliver()
    assert desk.message().status == "queued"
    assert "could not be reached" in desk.message().error
    mail.answers.clear()
    desk.try_again()
    assert desk.states() == {ANNA: "accepted"}


def test_a_connection_lost_before_the_answer_sends_a_copy_that_can_be_recognised(desk: Desk, mail: MailServer) -> None:
    mail.answer = BREAK_OFF
    desk.send()
    desk.deliver()
    assert desk.message().status == "queued"
    assert "did not say whether it took the message" in desk.message().error
    assert desk.invoice.sent_at is None
    mail.answer = "250 OK"
    desk.try_again()
    assert desk.states() == {ANNA: "accepted"}
    first, second = mail.letters
    assert first["Message-ID"] == second["Message-ID"]


def test_an_invoice_that_was_voided_while_it_waited_is_not_sent(desk: Desk, mail: MailServer) -> None:
    mail.answers[ANNA] = "451 4.7.1 Greylisted"
    desk.send()
    desk.deliver()
    with transaction():
        void_invoice(desk.invoice, by=desk.by)
    mail.answers.clear()
    desk.try_again()
    assert (desk.states(), mail.letters, desk.invoice.sent_at) == ({ANNA: "withdrawn"}, [], None)
    assert desk.message().error == "This invoice is void, so it is not sent any more."
    assert desk.events()[0] == "withdrawn"
    assert undelivered_page().rows == []
    with pytest.raises(Conflict), transaction():
        resend(desk.message())


def test_a_double_click_sends_one_message_and_another_dialog_another(desk: Desk, mail: MailServer) -> None:
    desk.send(key="first dialog")
    desk.send(key="first dialog")
    desk.send(key="second dialog")
    desk.deliver()
    assert len(mail.letters) == 2
    assert desk.invoice.sent_at is not None


def test_a_draft_is_finalized_and_sent_in_one_transaction(
    app: Flask, story: Story, team: CurrentTeam, mail: MailServer
) -> None:
    with transaction():
        draft = new_draft(story.owner)
        with pytest.raises(Conflict, match="is a draft"):
            send_invoice(draft, LetterInput(ANNA), by=story.owner)
    with pytest.raises(Invalid), transaction():
        send_invoice(draft, LetterInput("nobody"), by=story.owner, finalize=True)
    session.expire_all()
    assert session.scalars(select(Invoice)).one().status == "draft"
    session.rollback()
    for _ in range(2):
        with transaction():
            send_invoice(session.scalars(select(Invoice)).one(), LetterInput(ANNA), by=story.owner, finalize=True)
    run_pending(app)
    assert len(mail.letters) == 1
    session.expire_all()
    invoice = session.scalars(select(Invoice)).one()
    assert (invoice.number, invoice.sent_at is not None) == ("INV-000001", True)
    assert mail.letters[0]["Subject"].startswith("Invoice INV-000001 from")


@pytest.mark.parametrize(
    "typed", ["", "  ,; ", "anna", "anna@acme.example, paul@", "a@b.example\r\nBcc: x@y.example x"]
)
def test_an_address_that_is_none_is_refused_at_its_field(desk: Desk, typed: str) -> None:
    with pytest.raises(Invalid) as refused:
        desk.send(typed)
    assert refused.value.field == "to"


def test_more_people_than_a_message_goes_to_are_refused(desk: Desk) -> None:
    with pytest.raises(Invalid, match="20 people"):
        desk.send(",".join(f"p{number}@acme.example" for number in range(21)))


def test_a_rep_sends_nothing(desk: Desk, story: Story) -> None:
    session.rollback()
    session.remove()
    rep = story.add_teammate("rep")
    with pytest.raises(PermissionDenied), transaction():
        send_invoice(desk.invoice, LetterInput(ANNA), by=rep)


def test_what_failed_is_sent_again_to_a_corrected_address(desk: Desk, mail: MailServer) -> None:
    mail.answers[PAUL] = "550 No such person"
    desk.send(PAUL)
    desk.deliver()
    with transaction():
        resend(desk.message(PAUL), to=ANNA)
    with pytest.raises(Conflict), transaction():
        resend(desk.message(ANNA))
    desk.deliver()
    assert desk.states() == {ANNA: "accepted"}
    assert desk.invoice.sent_at is not None
    assert [attachment.get_filename() for attachment in mail.letters[0].iter_attachments()] == [
        "INV-000001 Acme GmbH.pdf"
    ]


def test_what_was_dealt_with_leaves_the_list_and_stays_on_the_invoice(desk: Desk, mail: MailServer) -> None:
    mail.answers[ANNA] = "550 No"
    desk.send()
    with pytest.raises(Conflict), transaction():
        dismiss(desk.message())
    desk.deliver()
    with transaction():
        dismiss(desk.message())
    assert undelivered_page().rows == []
    assert desk.states() == {ANNA: "failed"}


@pytest.mark.parametrize(
    "typed",
    ["{", "}{", "{unknown} {number", "{0} {number!r} {number.x} %s {{number}}", "{}", "{ number }"],
)
def test_no_placeholder_can_break_a_message(desk: Desk, mail: MailServer, typed: str) -> None:
    desk.send(subject=f"S {typed}", text=f"Text {typed}")
    desk.deliver()
    [letter] = mail.letters
    shown = typed.replace("{number}", "INV-000001")
    assert letter["Subject"] == f"S {shown}"
    assert f"Text {shown}" in letter.get_body(("plain",)).get_content()


def test_markup_in_names_and_texts_is_only_text(app: Flask, story: Story, team: CurrentTeam, mail: MailServer) -> None:
    with transaction():
        invoice = finalize_invoice(new_draft(story.owner, new_account("<b>{number}</b>")), by=story.owner)
        send_invoice(
            invoice, LetterInput(ANNA, text="<script>{customer}</script> https://x.example/?a=<b>"), by=story.owner
        )
    run_pending(app)
    page = mail.letters[0].get_body(("html",)).get_content()
    assert "<script>" not in page
    assert "<b>" not in page
    assert "&lt;script&gt;&lt;b&gt;{number}&lt;/b&gt;&lt;/script&gt;" in page
    assert 'href="https://x.example/?a="' in page


def test_two_clicks_at_the_same_moment_send_one_message(app: Flask, story: Story, desk: Desk, mail: MailServer) -> None:
    session.rollback()
    session.remove()
    ready, errors = threading.Barrier(4), []

    def click() -> None:
        def send() -> None:
            invoice = session.scalars(select(Invoice).where(Invoice.id == desk.id)).one()
            send_invoice(invoice, LetterInput(ANNA, cc=BOSS, request_key="one dialog"), by=story.owner)

        with app.app_context(), team_scope(story.team):
            ready.wait()
            try:
                in_transaction(send)
            except Exception as error:  # noqa: BLE001 - told to the test's own thread
                errors.append(error)

    threads = [threading.Thread(target=click) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    run_pending(app)
    assert sorted(mail.recipients) == [ANNA, BOSS]
