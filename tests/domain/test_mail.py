"""Mail against a real mail server on loopback that accepts, defers and refuses."""

from __future__ import annotations

import dataclasses
import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from uuid import UUID

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from flask import Flask
from sqlalchemy import select, text

from cornerspot.db import session
from cornerspot.db.transaction import transaction
from cornerspot.documents.files import store_file
from cornerspot.jobs.dead import count_jobs, list_dead_jobs
from cornerspot.jobs.registry import reaction
from cornerspot.jobs.worker import JobsFailed, run_pending
from cornerspot.kit import clock
from cornerspot.kit.errors import Invalid
from cornerspot.mail.events import MessageAccepted
from cornerspot.mail.models import MailRoute, OutgoingMessage
from cornerspot.mail.queueing import Content, MessageAbout, Recipient, queue_message, resend, send_system_mail
from cornerspot.mail.upkeep import forget_routes
from cornerspot.settings import Settings, use_settings
from cornerspot.tenancy import CurrentTeam, system_scope

accepted: list[MessageAccepted] = []


@reaction(MessageAccepted)
def remember_acceptance(event: MessageAccepted) -> None:
    accepted.append(event)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


# aiosmtpd looks for methods with these names.
class Server:
    """Answers DATA with ``answer`` and keeps what it accepted."""

    def __init__(self) -> None:
        self.answer = "250 OK"
        self.letters: list[EmailMessage] = []
        self.recipients: list[str] = []

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.answer.startswith("250"):
            assert envelope.original_content is not None
            self.letters.append(message_from_bytes(envelope.original_content, policy=policy.default))
            self.recipients.extend(envelope.rcpt_tos)
        return self.answer

    async def handle_RCPT(self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]) -> str:  # noqa: N802
        if address.startswith("nobody@"):
            return "550 No such person here"
        envelope.rcpt_tos.append(address)
        return "250 OK"


@pytest.fixture
def mail_server(settings: Settings) -> Iterator[Server]:
    handler = Server()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    port = controller.port
    use_settings(dataclasses.replace(settings, smtp_url=f"smtp://127.0.0.1:{port}"))
    yield handler
    controller.stop()
    use_settings(settings)


@pytest.fixture(autouse=True)
def clean(empty_queue: None) -> None:
    accepted.clear()


def queue(to: str = "anna@example.com", key: str = "once", **content: object) -> UUID:
    about = MessageAbout("invoice", UUID(int=7))
    written = Content("Invoice INV-1 – grüße", "Guten Tag,\nhier ist sie.\n", "<p>Guten Tag</p>", **content)  # type: ignore[arg-type]
    with transaction():
        return queue_message(
            Recipient(to, "Änna Bérg 🎉"),
            written,
            purpose="invoice",
            dedupe_key=key,
            about=about,
            reply_to="team@example.com",
        )


def stored(message_id: UUID) -> OutgoingMessage:
    session.rollback()
    session.expire_all()
    return session.scalars(select(OutgoingMessage).where(OutgoingMessage.id == message_id)).one()


def test_a_queued_message_arrives_and_says_so(app: Flask, team: CurrentTeam, mail_server: Server) -> None:
    message_id = queue()
    assert stored(message_id).status == "queued"
    session.rollback()
    run_pending(app)
    [letter] = mail_server.letters
    assert letter["Subject"] == "Invoice INV-1 – grüße"
    assert letter["From"].addresses[0].display_name == team.name
    assert letter["From"].addresses[0].addr_spec == "no-reply@cornerspot.test"
    assert letter["To"].addresses[0].display_name == "Änna Bérg 🎉"
    assert letter["Reply-To"] == "team@example.com"
    assert letter["Message-ID"] == f"<{message_id}@cornerspot.test>"
    assert letter["Date"].datetime.tzinfo is not None
    assert letter.get_body(("plain",)).get_content().splitlines() == ["Guten Tag,", "hier ist sie."]
    assert "<p>Guten Tag</p>" in letter.get_body(("html",)).get_content()
    message = stored(message_id)
    assert (message.status, message.tries, message.error) == ("accepted", 1, "")
    assert message.accepted_at is not None
    assert accepted == [MessageAccepted(message_id, "invoice", UUID(int=7), "invoice")]


def test_the_same_key_is_sent_once(app: Flask, team: CurrentTeam, mail_server: Server) -> None:
    first = queue()
    assert queue() == first
    session.rollback()
    run_pending(app)
    assert queue() == first
    session.rollback()
    run_pending(app)
    assert len(mail_server.letters) == 1


def test_a_rolled_back_message_is_never_sent(app: Flask, team: CurrentTeam, mail_server: Server) -> None:
    queue_message(Recipient("a@example.com"), Content("S", "T"), purpose="invoice", dedupe_key="rolled back")
    session.rollback()
    run_pending(app)
    assert mail_server.letters == []


def test_a_stored_file_goes_along(app: Flask, team: CurrentTeam, mail_server: Server) -> None:
    with transaction():
        file = store_file(b"%PDF-1.7 content", "application/pdf", "x.pdf")
    queue(attachment_id=file.id, attachment_name="INV-1 Söhne.pdf")
    session.rollback()
    run_pending(app)
    [attachment] = mail_server.letters[0].iter_attachments()
    assert attachment.get_filename() == "INV-1 Söhne.pdf"
    assert attachment.get_content_type() == "application/pdf"
    assert attachment.get_content() == b"%PDF-1.7 content"


def test_a_refused_message_fails_for_good_with_the_servers_words(
    app: Flask, team: CurrentTeam, mail_server: Server
) -> None:
    message_id = queue(to="nobody@example.com")
    session.rollback()
    run_pending(app)
    message = stored(message_id)
    assert (message.status, message.error) == ("failed", "550 No such person here")
    assert message.failed_at is not None
    assert accepted == []
    assert count_jobs() == {}
    session.rollback()


def test_a_deferred_message_is_tried_again_until_it_is_accepted(
    app: Flask, team: CurrentTeam, mail_server: Server
) -> None:
    mail_server.answer = "451 Try again later"
    message_id = queue()
    session.rollback()
    run_pending(app)
    message = stored(message_id)
    assert (message.status, message.tries, message.error) == ("queued", 1, "451 Try again later")
    assert message.next_try_at is not None
    mail_server.answer = "250 OK"
    with transaction():
        session.execute(text("UPDATE procrastinate_jobs SET scheduled_at = now()"))
    run_pending(app)
    assert stored(message_id).status == "accepted"
    assert len(mail_server.letters) == 1


def test_no_mail_server_is_a_reason_to_try_again(app: Flask, team: CurrentTeam, settings: Settings) -> None:
    use_settings(dataclasses.replace(settings, smtp_url="smtp://127.0.0.1:1"))
    message_id = queue()
    session.rollback()
    try:
        run_pending(app)
    finally:
        use_settings(settings)
    message = stored(message_id)
    assert message.status == "queued"
    assert "could not be reached" in message.error


def test_a_failed_message_can_be_sent_again(app: Flask, team: CurrentTeam, mail_server: Server) -> None:
    mail_server.answer = "554 Refused"
    message_id = queue()
    session.rollback()
    run_pending(app)
    mail_server.answer = "250 OK"
    with transaction():
        resend(stored(message_id))
    run_pending(app)
    assert stored(message_id).status == "accepted"


@pytest.mark.parametrize(
    "recipient",
    [
        "",
        "anna",
        "anna@",
        "a b@example.com",
        "a@example.com\r\nBcc: x@example.com",
        "a@ex.com, b@ex.com",
        "<a@ex.com>",
        "x" * 260 + "@example.com",
    ],
)
def test_an_unusable_address_is_refused(team: CurrentTeam, recipient: str) -> None:
    with pytest.raises(Invalid):
        queue_message(Recipient(recipient), Content("S", "T"), purpose="invoice", dedupe_key="bad")


def test_headers_cannot_be_injected(app: Flask, team: CurrentTeam, mail_server: Server) -> None:
    with transaction():
        queue_message(
            Recipient("anna@example.com", 'Anna"\r\nBcc: evil@example.com'),
            Content("Hello\r\nBcc: evil@example.com\r\n\r\nBody", "T", "", attachment_name="a\r\nX: y"),
            purpose="invoice",
            dedupe_key="injected",
        )
    run_pending(app)
    [letter] = mail_server.letters
    assert letter["Bcc"] is None
    assert mail_server.recipients == ["anna@example.com"]
    assert letter["Subject"] == "Hello Bcc: evil@example.com Body"


def test_an_international_domain_is_written_in_ascii(app: Flask, team: CurrentTeam, mail_server: Server) -> None:
    queue(to="anna@bücher.example")
    session.rollback()
    run_pending(app)
    assert mail_server.recipients == ["anna@xn--bcher-kva.example"]


def test_mail_of_the_installation_needs_no_team(app: Flask, mail_server: Server) -> None:
    with app.app_context(), system_scope("a test"), transaction():
        send_system_mail("anna@example.com", "New password", "Open the link.", "<p>Open</p>")
    run_pending(app)
    [letter] = mail_server.letters
    assert letter["From"] == "Cornerspot <no-reply@cornerspot.test>"
    assert letter["Subject"] == "New password"


def test_refused_mail_of_the_installation_is_a_dead_job(app: Flask, mail_server: Server) -> None:
    with app.app_context(), system_scope("a test"), transaction():
        send_system_mail("nobody@example.com", "New password", "Open the link.")
    with pytest.raises(JobsFailed):
        run_pending(app)
    with app.app_context(), system_scope("a test"):
        assert [job.name for job in list_dead_jobs()] == ["mail.send_system_mail"]


def signed_in_server(check: Callable[[bytes, bytes], bool]) -> Controller:
    def authenticate(_: SMTP, __: Session, ___: Envelope, ____: str, given: object) -> AuthResult:
        assert isinstance(given, LoginPassword)
        return AuthResult(success=check(given.login, given.password), handled=False)

    return Controller(
        Server(),
        hostname="127.0.0.1",
        port=free_port(),
        authenticator=authenticate,
        auth_required=True,
        auth_require_tls=False,
    )


# The test speaks without TLS, because what it looks at are the credentials.
@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_credentials_of_the_address_are_used_and_wrong_ones_are_worth_another_try() -> None:
    from cornerspot.mail.smtp import Deferred, deliver

    message = EmailMessage()
    message["From"], message["To"] = "a@example.com", "b@example.com"
    controller = signed_in_server(lambda user, password: (user, password) == (b"us@er", b"p:w/d"))
    controller.start()
    try:
        port = controller.port
        deliver(message, f"smtp://us%40er:p%3Aw%2Fd@127.0.0.1:{port}", recipient="b@example.com")
        with pytest.raises(Deferred, match="535"):
            deliver(message, f"smtp://us%40er:wrong@127.0.0.1:{port}", recipient="b@example.com")
    finally:
        controller.stop()


def test_a_rude_goodbye_after_the_message_was_taken_is_no_failure(settings: Settings) -> None:
    from cornerspot.mail.smtp import deliver

    class Rude(Server):
        async def handle_QUIT(self, _: SMTP, __: Session, ___: Envelope) -> str:  # noqa: N802
            return "451 Do not leave me"

    message = EmailMessage()
    message["From"], message["To"] = "a@example.com", "b@example.com"
    handler = Rude()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        deliver(message, f"smtp://127.0.0.1:{controller.port}", recipient="b@example.com")
    finally:
        controller.stop()
    assert handler.recipients == ["b@example.com"]


def test_ways_back_are_forgotten_when_no_report_can_come(app: Flask, team: CurrentTeam, mail_server: Server) -> None:
    message_id = queue()
    session.rollback()
    run_pending(app)
    for days, left in ((59, 1), (61, 0)):
        with transaction(), clock.moved_to(clock.now() + timedelta(days=days)):
            forget_routes()
        routes = session.scalars(select(MailRoute.id).where(MailRoute.id == message_id)).all()
        assert len(routes) == left
        session.rollback()


def test_a_server_without_starttls_gets_no_mail_in_the_clear(mail_server: Server, settings: Settings) -> None:
    from cornerspot.mail.smtp import Refused, deliver
    from cornerspot.settings import current_settings

    url = current_settings().smtp_url.replace("smtp://", "smtp+starttls://")
    with pytest.raises(Refused):
        deliver(EmailMessage(), url, recipient="b@example.com")
    assert mail_server.letters == []
