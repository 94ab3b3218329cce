"""Writing mail: a row and a job in the caller's transaction, so that both or neither exist."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from cornerspot.db import session
from cornerspot.jobs.publishing import enqueue
from cornerspot.kit import clock, ids
from cornerspot.mail.addresses import address, one_line
from cornerspot.mail.models import OutgoingMessage
from cornerspot.tenancy import current_team


@dataclass(frozen=True)
class MessageAbout:
    """The record a message is about, whose page shows what became of it."""

    type: str = ""
    id: UUID | None = None


@dataclass(frozen=True)
class Recipient:
    """Who gets a message."""

    email: str
    name: str = ""


@dataclass(frozen=True)
class Content:
    """What a message says, and the stored file that goes along."""

    subject: str
    text: str
    html: str = ""
    attachment_id: UUID | None = None
    attachment_name: str = ""


def queue_message(
    to: Recipient,
    content: Content,
    *,
    purpose: str,
    dedupe_key: str,
    about: MessageAbout = MessageAbout(),
    reply_to: str = "",
) -> UUID:
    """A message of this team waits to be sent; its id. The same ``dedupe_key`` is sent once only.

    Raises Invalid for an address that mail cannot be sent to.
    """
    address(to.email)
    if reply_to:
        address(reply_to)
    values = {
        "id": ids.new_id(),
        "tenant_id": current_team().id,
        "created_at": clock.now(),
        "dedupe_key": dedupe_key,
        "purpose": purpose,
        "subject_type": about.type,
        "subject_id": about.id,
        "recipient": to.email.strip(),
        "recipient_name": one_line(to.name),
        "sender_name": one_line(current_team().name),
        "reply_to": reply_to.strip(),
        "subject_line": one_line(content.subject),
        "text_body": content.text,
        "html_body": content.html,
        "attachment_id": content.attachment_id,
        "attachment_name": one_line(content.attachment_name),
    }
    session.flush()  # The attachment's row may be new and is referred to.
    statement = (
        insert(OutgoingMessage).values(values).on_conflict_do_nothing(index_elements=["tenant_id", "dedupe_key"])
    )
    written = session.execute(statement.returning(OutgoingMessage.id)).scalar()
    if written is None:
        return session.execute(select(OutgoingMessage.id).where(OutgoingMessage.dedupe_key == dedupe_key)).scalar_one()
    enqueue("mail.send_message", message_id=written)
    return written


def resend(message: OutgoingMessage) -> None:
    """A message that failed waits to be sent again."""
    message.status, message.error, message.failed_at = "queued", "", None
    session.flush()
    enqueue("mail.send_message", message_id=message.id)


def send_system_mail(to: str, subject: str, text: str, html: str = "") -> None:
    """A message of the installation itself, such as a password reset, waits to be sent."""
    address(to)
    enqueue(
        "mail.send_system_mail",
        message_id=ids.new_id(),
        to=to.strip(),
        subject=one_line(subject),
        text=text,
        html=html,
    )
