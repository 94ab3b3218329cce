"""A message as MIME: text and HTML side by side, a logo, one attachment, headers that cannot be forged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from cornerspot.mail.addresses import one_line

RETURN_HEADER = "X-Return-Token"


@dataclass(frozen=True)
class Attachment:
    """A file to go along."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class Letter:
    """Everything that is in a message. ``message_id`` without its angle brackets.

    ``recipient`` is who gets this copy, ``to`` and ``cc`` are what everybody sees. The
    HTML shows the ``logo`` as ``cid:logo``. ``return_token`` comes back with a report
    about the message, and says which one it was.
    """

    message_id: str
    sender: Address
    recipient: Address
    to: tuple[Address, ...]
    subject: str
    text: str
    html: str
    sent_at: datetime
    cc: tuple[Address, ...] = ()
    reply_to: Address | None = None
    logo: Attachment | None = None
    attachment: Attachment | None = None
    return_token: str = ""


def compose(letter: Letter) -> EmailMessage:
    """The letter as it goes over the wire."""
    message = EmailMessage(policy=policy.SMTP)
    for name, value in _headers(letter).items():
        message[name] = value
    message.set_content(letter.text or " ", cte="quoted-printable")
    if letter.html:
        message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
        if letter.logo:
            _add_logo(message, letter.logo)
    if letter.attachment:
        main, sub = _kinds(letter.attachment)
        name = one_line(letter.attachment.name)
        message.add_attachment(letter.attachment.content, maintype=main, subtype=sub, filename=name)
    return message


def _add_logo(message: EmailMessage, logo: Attachment) -> None:
    """Put the picture beside the HTML, which is the second of the alternatives."""
    page = message.get_body(("html",))
    if isinstance(page, EmailMessage):
        main, sub = _kinds(logo)
        page.add_related(logo.content, maintype=main, subtype=sub, cid="<logo>", disposition="inline")


def _kinds(file: Attachment) -> tuple[str, str]:
    main, _, sub = file.media_type.partition("/")
    return main, sub or "octet-stream"


def _headers(letter: Letter) -> Mapping[str, str | Address | tuple[Address, ...]]:
    headers: dict[str, str | Address | tuple[Address, ...]] = {
        "Message-ID": f"<{letter.message_id}>",
        "Date": format_datetime(letter.sent_at),
        "From": letter.sender,
        "To": letter.to,
        "Subject": one_line(letter.subject),
        "Auto-Submitted": "auto-generated",  # RFC 3834: no answers from absent people's machines.
    }
    if letter.cc:
        headers["Cc"] = letter.cc
    if letter.return_token:
        headers[RETURN_HEADER] = letter.return_token
    if letter.reply_to:
        headers["Reply-To"] = letter.reply_to
    return headers
