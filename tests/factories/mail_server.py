"""A real mail server on loopback that accepts, defers, refuses, hangs and breaks off as told."""

from __future__ import annotations

import asyncio
import dataclasses
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from cornerspot.settings import Settings, use_settings

HANG, BREAK_OFF = "hang", "break off"


class MailServer:
    """Answers each recipient by ``answers`` and the content by ``answer``; keeps what it accepted.

    ``answer`` may be HANG (no answer, ever) or BREAK_OFF (the letter is kept, the
    connection is gone before the answer).
    """

    def __init__(self) -> None:
        self.answer = "250 OK"
        self.answers: dict[str, str] = {}
        self.letters: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.return_paths: list[str] = []
        self.conversations = 0

    def letters_to(self, recipient: str) -> list[EmailMessage]:
        """What one recipient got."""
        return [letter for letter, to in zip(self.letters, self.recipients, strict=True) if to == recipient]

    # aiosmtpd looks for methods with these names.
    async def handle_RCPT(self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]) -> str:  # noqa: N802
        self.conversations += 1
        answer = self.answers.get(address, "250 OK")
        if answer == HANG:
            await asyncio.Event().wait()
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, _: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.answer == HANG:
            await asyncio.Event().wait()
        if self.answer.startswith("250") or self.answer == BREAK_OFF:
            self._keep(envelope)
        if self.answer == BREAK_OFF:
            server.transport.close()
            return "250 OK"
        return self.answer

    def _keep(self, envelope: Envelope) -> None:
        assert envelope.original_content is not None
        [recipient] = envelope.rcpt_tos
        letter = message_from_bytes(envelope.original_content, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        self.recipients.append(recipient)
        self.return_paths.append(envelope.mail_from or "")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def running_mail_server(settings: Settings, **changes: object) -> Iterator[MailServer]:
    """The server, and settings that send mail to it with little patience."""
    handler = MailServer()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    ours = {"smtp_url": f"smtp://127.0.0.1:{controller.port}", "smtp_timeout": 0.3, **changes}
    use_settings(dataclasses.replace(settings, **ours))  # type: ignore[arg-type]
    try:
        yield handler
    finally:
        use_settings(settings)
        controller.stop()
