"""Writing mail: a row and a job in the caller's transaction, so that both or neither exist."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID, uuid5

from sqlalchemy import CursorResult, select, update
from sqlalchemy.dialects.postgresql import insert

from cornerspot.activity.recording import Author
from cornerspot.db import session
from cornerspot.db.locks import lock
from cornerspot.jobs.publishing import enqueue
from cornerspot.kit import clock, ids
from cornerspot.kit.errors import Conflict
from cornerspot.mail.addresses import address, one_line
from cornerspot.mail.configuring import mail_settings
from cornerspot.mail.models import UNDELIVERED, OutgoingMessage
from cornerspot.tenancy import current_team, current_tenant_id


@dataclass(frozen=True)
class MessageAbout:
    """The record a message is about, whose page shows what became of it."""

    type: str = ""
    id: UUID | None = None


@dataclass(frozen=True)
class Recipient:
    """Who gets a message, as one of its To or of its Cc."""

    email: str
    name: str = ""
    kind: str = "to"


@dataclass(frozen=True)
class Content:
    """What a message says, and the stored files that go along; the HTML shows the logo as ``cid:logo``."""

    subject: str
    text: str
    html: str = ""
    attachment_id: UUID | None = None
    attachment_name: str = ""
    logo_file_id: UUID | None = None


def queue_message(
    to: Recipient,
    content: Content,
    *,
    purpose: str,
    dedupe_key: str,
    about: MessageAbout = MessageAbout(),
    reply_to: str = "",
    by: Author | None = None,
) -> UUID:
    """A message of this team waits to be sent; its id. The same ``dedupe_key`` is sent once only.

    Answers go to ``reply_to``, or where the team's settings say. Raises Invalid for an
    address that mail cannot be sent to.
    """
    message_id = ids.new_id()
    values = _common(content, purpose=purpose, about=about, reply_to=reply_to, by=by)
    row = {**values, **_own(to), "id": message_id, "mailing_id": message_id, "dedupe_key": dedupe_key}
    [written] = _write([row])
    return written


def queue_mailing(
    recipients: Iterable[Recipient],
    content: Content,
    *,
    purpose: str,
    dedupe_key: str,
    about: MessageAbout = MessageAbout(),
    by: Author | None = None,
    held: bool = False,
) -> UUID:
    """One message to several people waits to be sent; its mailing id. The same ``dedupe_key`` is sent once only.

    Who is named twice gets it once, and every one has a state of their own. A ``held``
    one waits for ``release_mailing``. Raises Invalid for an address that mail cannot be sent to.
    """
    mailing_id = mailing_id_of(dedupe_key)
    values = _common(content, purpose=purpose, about=about, reply_to="", by=by)
    named: dict[str, Recipient] = {}
    for recipient in recipients:
        named.setdefault(recipient.email.strip().casefold(), recipient)
    rows = [
        {**values, **_own(one), "id": ids.new_id(), "mailing_id": mailing_id, "dedupe_key": f"{dedupe_key} {email}"}
        for email, one in named.items()
    ]
    _write(rows, held=held)
    return mailing_id


def mailing_id_of(dedupe_key: str) -> UUID:
    """The id that the message with this key has or will have."""
    return uuid5(current_tenant_id(), dedupe_key)


def release_mailing(mailing_id: UUID, *, attachment_id: UUID) -> None:
    """The held message waits to be sent, with this file under the name it is stored with."""
    released = session.execute(
        update(OutgoingMessage)
        .where(
            OutgoingMessage.mailing_id == mailing_id,
            OutgoingMessage.status == "queued",
            OutgoingMessage.attachment_id.is_(None),
        )
        .values(attachment_id=attachment_id)
        .returning(OutgoingMessage.id)
    )
    for message_id in released.scalars().all():
        enqueue("mail.send_message", message_id=message_id)


def resend(message: OutgoingMessage, *, to: str = "") -> None:
    """A message that failed or came back waits to be sent again, to another address if one is given.

    Raises Conflict for one that is on its way, Invalid for an address that mail cannot be sent to.
    """
    lock(message)
    if message.status not in UNDELIVERED:
        raise Conflict("This message is on its way already.")
    if to and to.strip() != message.recipient:
        address(to)
        message.recipient = to.strip()
    message.requeue()
    session.flush()
    enqueue("mail.send_message", message_id=message.id)


def dismiss(message: OutgoingMessage) -> None:
    """A message that was not delivered needs nobody's attention any more; raises Conflict for any other."""
    lock(message)
    if message.status not in UNDELIVERED:
        raise Conflict("This message is on its way already.")
    message.dismissed_at = message.dismissed_at or clock.now()
    session.flush()


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


def _common(content: Content, *, purpose: str, about: MessageAbout, reply_to: str, by: Author | None) -> dict[str, Any]:
    """What is the same for every recipient."""
    settings = mail_settings()
    reply_to = (reply_to or settings.reply_to).strip()
    if reply_to:
        address(reply_to)
    return {
        "tenant_id": current_tenant_id(),
        "created_at": clock.now(),
        "purpose": purpose,
        "subject_type": about.type,
        "subject_id": about.id,
        "sender_name": one_line(settings.sender_name or current_team().name),
        "reply_to": reply_to,
        "subject_line": one_line(content.subject),
        "text_body": content.text,
        "html_body": content.html,
        "logo_file_id": content.logo_file_id,
        "attachment_id": content.attachment_id,
        "attachment_name": one_line(content.attachment_name),
        "actor_kind": by.kind if by else "system",
        "actor_id": by.id if by else None,
        "actor_name": by.name if by else "",
    }


def _own(recipient: Recipient) -> dict[str, Any]:
    address(recipient.email)
    return {
        "kind": recipient.kind,
        "recipient": recipient.email.strip(),
        "recipient_name": one_line(recipient.name),
    }


def _write(rows: list[dict[str, Any]], *, held: bool = False) -> list[UUID]:
    """The rows are there, with a job for each that was not there before; their ids."""
    session.flush()  # The attachment's row may be new and is referred to.
    return [_write_one(row, held=held) for row in rows]


def _write_one(row: dict[str, Any], *, held: bool) -> UUID:
    statement = insert(OutgoingMessage).values(row).on_conflict_do_nothing(index_elements=["tenant_id", "dedupe_key"])
    # Not by RETURNING: a member of the portal may write a message that they may not read.
    outcome = session.execute(statement, execution_options={"preserve_rowcount": True})
    if cast("CursorResult[Any]", outcome).rowcount != 1:
        known = select(OutgoingMessage.id).where(OutgoingMessage.dedupe_key == row["dedupe_key"])
        return session.execute(known).scalar_one()
    if not held:
        enqueue("mail.send_message", message_id=row["id"])
    written: UUID = row["id"]
    return written
