"""The worker's side of mail: read the row, talk to the mail server, write what it said.

The mail server is called outside of any transaction. A crash between its answer and
our note of it sends the message again, under the same Message-ID, by which mail
programs recognise the copy: no protocol of mail can do better.
"""

from __future__ import annotations

from uuid import UUID

from cornerspot.db import session
from cornerspot.db.locks import lock
from cornerspot.db.transaction import in_transaction
from cornerspot.documents.files import read_file
from cornerspot.documents.models import StoredFile
from cornerspot.jobs.publishing import publish
from cornerspot.jobs.queue import GiveUp
from cornerspot.jobs.registry import task
from cornerspot.kit import clock
from cornerspot.mail.addresses import address, sender
from cornerspot.mail.composing import Attachment, Letter, compose
from cornerspot.mail.events import MessageAccepted
from cornerspot.mail.models import OutgoingMessage
from cornerspot.mail.smtp import Deferred, Refused, deliver
from cornerspot.settings import current_settings
from cornerspot.tenancy import current_team, current_tenant_id

ERROR_LENGTH = 1000


@task("mail.send_message", own_transactions=True)
def send_message(message_id: str) -> None:
    """The message is accepted or failed; raises Deferred to be tried again later."""
    wanted = UUID(message_id)
    letter = in_transaction(lambda: _letter_of(wanted))
    if letter is None:
        return
    try:
        deliver(compose(letter), current_settings().smtp_url)
    except Refused as refusal:
        answer = str(refusal)
        in_transaction(lambda: _note_failure(wanted, answer))
    except Deferred as trouble:
        answer = str(trouble)
        in_transaction(lambda: _note_trouble(wanted, answer))
        raise
    else:
        in_transaction(lambda: _note_acceptance(wanted))


@task("mail.send_system_mail", own_transactions=True)
def send_system_mail(message_id: str, to: str, subject: str, text: str, html: str) -> None:
    """The mail server has taken a message of the installation; raises Deferred, GiveUp."""
    own = sender(current_settings().mail_from)
    letter = Letter(
        message_id=f"{message_id}@{own.domain}",
        sender=own,
        recipient=address(to),
        subject=subject,
        text=text,
        html=html,
        sent_at=clock.now(),
    )
    try:
        deliver(compose(letter), current_settings().smtp_url)
    except Refused as refusal:
        raise GiveUp(str(refusal)) from refusal


def _letter_of(message_id: UUID) -> Letter | None:
    """What is to be sent, or None when it was sent before or is gone."""
    message = session.get(OutgoingMessage, (current_tenant_id(), message_id))
    if message is None or message.status != "queued":
        return None
    own = sender(current_settings().mail_from, message.sender_name or current_team().name)
    return Letter(
        message_id=f"{message.id}@{own.domain}",
        sender=own,
        recipient=address(message.recipient, message.recipient_name),
        subject=message.subject_line,
        text=message.text_body,
        html=message.html_body,
        sent_at=clock.now(),
        reply_to=address(message.reply_to) if message.reply_to else None,
        attachment=_attachment_of(message),
    )


def _attachment_of(message: OutgoingMessage) -> Attachment | None:
    if message.attachment_id is None:
        return None
    stored = session.get_one(StoredFile, (current_tenant_id(), message.attachment_id))
    return Attachment(message.attachment_name or stored.name, stored.media_type, read_file(stored))


def _locked(message_id: UUID) -> OutgoingMessage:
    message = session.get_one(OutgoingMessage, (current_tenant_id(), message_id))
    lock(message)
    message.tries += 1
    return message


def _note_acceptance(message_id: UUID) -> None:
    message = _locked(message_id)
    message.status, message.accepted_at, message.error = "accepted", clock.now(), ""
    publish(MessageAccepted(message.id, message.subject_type, message.subject_id, message.purpose))


def _note_failure(message_id: UUID, answer: str) -> None:
    message = _locked(message_id)
    message.status, message.failed_at, message.error = "failed", clock.now(), answer[:ERROR_LENGTH]


def _note_trouble(message_id: UUID, answer: str) -> None:
    """Still queued, with the reason on show while it waits for its next try."""
    message = _locked(message_id)
    message.error = answer[:ERROR_LENGTH]
