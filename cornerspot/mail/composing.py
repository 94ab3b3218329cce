"""A message as MIME: text and HTML side by side, one attachment, headers that cannot be forged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from cornerspot.mail.addresses import one_line


@dataclass(frozen=True)
class Attachment:
    """A file to go along."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class Letter:
    """Everything that is in a message. ``message_id`` without its angle brackets."""

    message_id: str
    sender: Address
    recipient: Address
    subject: str
    text: str
    html: str
    sent_at: datetime
    reply_to: Address | None = None
    attachment: Attachment | None = None


def compose(letter: Letter) -> EmailMessage:
    """The letter as it goes over the wire."""
    message = EmailMessage(policy=policy.SMTP)
    for name, value in _headers(letter).items():
        message[name] = value
    message.set_content(letter.text or " ", cte="quoted-printable")
    if letter.html:
        message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    if letter.attachment:
        main, _, sub = letter.attachment.media_type.partition("/")
        message.add_attachment(
            letter.attachment.content,
            maintype=main,
            subtype=sub or "octet-stream",
            filename=one_line(letter.attachment.name),
        )
    return message


def _headers(letter: Letter) -> Mapping[str, str | Address]:
    headers: dict[str, str | Address] = {
        "Message-ID": f"<{letter.message_id}>",
        "Date": format_datetime(letter.sent_at),
        "From": letter.sender,
        "To": letter.recipient,
        "Subject": one_line(letter.subject),
        "Auto-Submitted": "auto-generated",  # RFC 3834: no answers from absent people's machines.
    }
    if letter.reply_to:
        headers["Reply-To"] = letter.reply_to
    return headers
