"""Reading delivery status notifications (RFC 3464): what a mail server further on says of a message."""

from __future__ import annotations

from dataclasses import dataclass
from email import message_from_bytes, message_from_string, policy
from email.message import EmailMessage, Message

from cornerspot.mail.addresses import one_line
from cornerspot.mail.composing import RETURN_HEADER

LARGEST_REPORT = 10 * 1024 * 1024
# Where the servers on the way write whom a message was for.
_RECIPIENT_HEADERS = ("Delivered-To", "X-Original-To", "Envelope-To", "To")


@dataclass(frozen=True)
class DeliveryReport:
    """A report that a message was given up. ``addresses`` may hold the token that names it."""

    addresses: tuple[str, ...]
    answer: str


def read_report(raw: bytes, envelope_recipients: tuple[str, ...] = ()) -> DeliveryReport | None:
    """The report in a message, None for any other mail and for news of a mere delay."""
    message = message_from_bytes(raw[:LARGEST_REPORT], policy=policy.default)
    if message.get_content_type() != "multipart/report":
        return None
    failures = [fields for fields in _recipient_fields(message) if _text(fields, "Action").lower() == "failed"]
    if not failures:
        return None
    return DeliveryReport(
        addresses=(*envelope_recipients, *_headers(message, _RECIPIENT_HEADERS), *_returned_tokens(message)),
        answer=_answer(failures[0]),
    )


def _recipient_fields(message: Message) -> list[Message]:
    """The blocks of fields about each recipient; the first block is about the message."""
    found: list[Message] = []
    for part in message.walk():
        blocks = part.get_payload() if part.get_content_type() == "message/delivery-status" else None
        if isinstance(blocks, list):
            found.extend(block for block in blocks[1:] if isinstance(block, Message))
    return found


def _returned_tokens(message: Message) -> list[str]:
    """The token in the head of our message, which the report brings back."""
    found: list[str] = []
    for part in message.walk():
        if part.get_content_type() == "text/rfc822-headers":
            content = part.get_content() if isinstance(part, EmailMessage) else ""
            found.extend(_headers(message_from_string(str(content), policy=policy.default), (RETURN_HEADER,)))
        else:
            found.extend(_headers(part, (RETURN_HEADER,)))
    return found


def _headers(message: Message, names: tuple[str, ...]) -> list[str]:
    return [str(value) for name in names for value in message.get_all(name, [])]


def _answer(fields: Message) -> str:
    """What the server said: ``5.1.1 smtp; 550 No such person``."""
    said = _text(fields, "Diagnostic-Code").partition(";")[2] or _text(fields, "Diagnostic-Code")
    status = _text(fields, "Status")
    return one_line(said if status and status in said else f"{status} {said}") or "It came back without a reason."


def _text(fields: Message, name: str) -> str:
    return " ".join(one_line(str(fields.get(name, ""))).split())
