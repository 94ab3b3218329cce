"""Reports of mail servers further on: real ones are noted, forged and foreign ones change nothing."""

from __future__ import annotations

import re
import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from uuid import UUID

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select

from cornerspot.cli import main, support
from cornerspot.db import session
from cornerspot.db.transaction import transaction
from cornerspot.jobs.worker import run_pending
from cornerspot.kit.ids import new_id
from cornerspot.mail.bouncing import take_bounce
from cornerspot.mail.models import OutgoingMessage
from cornerspot.mail.queueing import Content, Recipient, queue_message, resend
from cornerspot.mail.receiving import receiver
from cornerspot.mail.returning import read_token, return_token
from cornerspot.settings import Settings
from cornerspot.tenancy import team_scope
from tests.factories.mail_server import BREAK_OFF, MailServer, free_port, running_mail_server
from tests.factories.teams import Story

POSTFIX = """\
Return-Path: <>
Date: Sat, 21 Nov 2026 09:00:00 +0100 (CET)
From: MAILER-DAEMON@mx.acme.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {to}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="4F0B2.1"
Message-Id: <20261121.4F0B2@mx.acme.example>

This is a MIME-encapsulated message.

--4F0B2.1
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--4F0B2.1
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.acme.example
Arrival-Date: Sat, 21 Nov 2026 08:59:59 +0100 (CET)

Final-Recipient: rfc822; anna@acme.example
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 <anna@acme.example>: no such
    person here

--4F0B2.1
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

{head}
--4F0B2.1--
"""


@pytest.fixture
def mail(settings: Settings, empty_queue: None) -> Iterator[MailServer]:
    with running_mail_server(settings, bounce_address="bounces@mail.cornerspot.example") as server:
        yield server


class Post:
    """One message that a mail server took, and the reports that come about it."""

    def __init__(self, app: Flask, story: Story, mail: MailServer) -> None:
        self.app, self.story, self.mail = app, story, mail
        self.id: UUID = self.inside(self._queue)
        run_pending(app)

    def inside(self, work):  # type: ignore[no-untyped-def]
        with self.app.app_context(), team_scope(self.story.team), transaction():
            return work()

    def _queue(self) -> UUID:
        content = Content("Invoice INV-1", "Here it is.", "<p>Here it is.</p>")
        return queue_message(Recipient("anna@acme.example"), content, purpose="invoice", dedupe_key="one")

    def state(self) -> tuple[str, str]:
        return self.inside(lambda: (self._row().status, self._row().error))

    def _row(self) -> OutgoingMessage:
        return session.scalars(select(OutgoingMessage).where(OutgoingMessage.id == self.id)).one()

    def resend(self) -> None:
        self.inside(lambda: resend(self._row()))
        run_pending(self.app)

    def take(self, raw: bytes, *recipients: str) -> bool:
        with self.app.app_context():
            return take_bounce(raw, recipients)


@pytest.fixture
def post(app: Flask, story: Story, mail: MailServer) -> Post:
    return Post(app, story, mail)


def report(to: str, *, action: str = "failed", status: str = "5.1.1", original: EmailMessage | None = None) -> bytes:
    """A notification as Postfix writes it."""
    head = "".join(f"{name}: {value}\n" for name, value in original.items()) if original else "Subject: gone\n"
    return POSTFIX.format(to=to, action=action, status=status, head=head).replace("\n", "\r\n").encode()


def test_each_message_goes_out_with_a_return_address_of_its_own(post: Post, mail: MailServer) -> None:
    [path] = mail.return_paths
    assert re.fullmatch(r"bounces\+[0-9a-z]{26}-0-[0-9a-f]{20}@mail\.cornerspot\.example", path)
    assert len(path.partition("@")[0]) <= 64
    with post.app.app_context():
        named = read_token(path.upper())
    assert named is not None
    assert named.message_id == post.id


def test_a_report_to_the_return_address_is_noted_with_the_servers_words(post: Post, mail: MailServer) -> None:
    assert post.state() == ("accepted", "")
    assert post.take(report(mail.return_paths[0]))
    assert post.state() == ("bounced", "550 5.1.1 <anna@acme.example>: no such person here")
    assert not post.take(report(mail.return_paths[0]))


def test_a_report_elsewhere_is_recognised_by_the_head_it_brings_back(post: Post, mail: MailServer) -> None:
    assert post.take(report("postmaster@cornerspot.example", original=mail.letters[0]))
    assert post.state()[0] == "bounced"


def test_the_envelope_is_enough(post: Post, mail: MailServer) -> None:
    assert post.take(report("undisclosed@mail.example"), mail.return_paths[0])
    assert post.state()[0] == "bounced"


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded"])
def test_news_that_are_no_failure_change_nothing(post: Post, mail: MailServer, action: str) -> None:
    assert not post.take(report(mail.return_paths[0], action=action, status="4.4.1"))
    assert post.state()[0] == "accepted"


def test_an_answer_by_a_person_or_a_machine_is_no_report(post: Post, mail: MailServer) -> None:
    answer = EmailMessage()
    answer["To"], answer["Subject"], answer["Auto-Submitted"] = mail.return_paths[0], "Out of office", "auto-replied"
    answer.set_content("550 I am away. Action: failed")
    assert not post.take(answer.as_bytes())
    assert post.state()[0] == "accepted"


def test_a_forged_report_changes_nothing(post: Post, mail: MailServer) -> None:
    path = mail.return_paths[0]
    local, _, domain = path.partition("@")
    other = return_token_of(post, new_id())
    for forged in (
        f"{local[:-1]}{'0' if local[-1] != '0' else '1'}@{domain}",
        path.replace("-0-", "-1-"),
        f"bounces+{other}@{domain}",
        f"bounces@{domain}",
    ):
        assert not post.take(report(forged))
    assert post.state()[0] == "accepted"


def return_token_of(post: Post, message_id: UUID) -> str:
    with post.app.app_context():
        return return_token(message_id, 0)


@pytest.mark.parametrize(
    "raw", [b"", b"\xff\xfe\x00", b"Content-Type: multipart/report; report-type=delivery-status\r\n\r\n", b"\r\n" * 999]
)
def test_what_cannot_be_read_changes_nothing(post: Post, raw: bytes) -> None:
    with post.app.app_context():
        assert not take_bounce(raw, ("bounces+x@y.example",))


def test_a_report_about_the_first_time_is_not_about_the_second(post: Post, mail: MailServer) -> None:
    first = mail.return_paths[0]
    post.take(report(first))
    post.resend()
    assert post.state()[0] == "accepted"
    assert not post.take(report(first))
    assert post.state()[0] == "accepted"
    assert post.take(report(mail.return_paths[1]))


def test_a_report_settles_a_message_whose_outcome_was_unknown(app: Flask, story: Story, mail: MailServer) -> None:
    mail.answer = BREAK_OFF
    post = Post(app, story, mail)
    assert post.state()[0] == "queued"
    assert post.take(report(mail.return_paths[0]))
    mail.answer = "250 OK"
    run_pending(app)
    assert post.state()[0] == "bounced"
    assert len(mail.letters) == 1


@pytest.mark.parametrize("lmtp", [False, True])
def test_the_mail_server_hands_reports_over_and_nothing_else(post: Post, mail: MailServer, lmtp: bool) -> None:
    def take(raw: bytes, recipients: tuple[str, ...]) -> bool:
        with post.app.app_context():
            return take_bounce(raw, recipients)

    server = receiver(take, "127.0.0.1", free_port(), lmtp=lmtp)
    server.start()
    try:
        kind = smtplib.LMTP if lmtp else smtplib.SMTP
        with kind("127.0.0.1", server.port) as conversation:
            with pytest.raises(smtplib.SMTPRecipientsRefused):
                conversation.sendmail("", ["anna@acme.example"], b"relay this")
            conversation.sendmail("", mail.return_paths, report("x@y.example"))
    finally:
        server.stop()
    assert post.state()[0] == "bounced"


def test_a_program_of_the_mail_server_takes_one_from_its_input(
    post: Post, mail: MailServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(support, "open_app", lambda: post.app)
    raw = report(mail.return_paths[0])
    first = CliRunner().invoke(main, ["mail", "bounce"], input=raw, catch_exceptions=False)
    assert (first.exit_code, first.output) == (0, "Noted.\n")
    again = CliRunner().invoke(main, ["mail", "bounce", "--recipient", mail.return_paths[0]], input=raw)
    assert again.exit_code == 0
    assert "Nothing to note" in again.output
    assert post.state()[0] == "bounced"


def test_the_team_of_a_report_is_the_one_that_sent(app: Flask, story: Story, post: Post, mail: MailServer) -> None:
    """Two teams may have messages with the same words; the route says whose it was."""
    from tests.factories.teams import open_story

    other = Post(app, open_story(app), mail)
    assert other.take(report(mail.return_paths[1]))
    assert (post.state()[0], other.state()[0]) == ("accepted", "bounced")
