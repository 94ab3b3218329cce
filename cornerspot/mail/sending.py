"""The worker's side of mail: read the row, talk to the mail server, write what it said.

The mail server is called outside of any transaction. A crash between its answer and
our note of it sends the message again, under the same Message-ID, by which mail
programs recognise the copy: no protocol of mail can do better. A server that cannot
take the message now is asked again for three days, each time a little later; the row
says when, and the job for it is written together with the row.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from cornerspot.db import session
from cornerspot.db.locks import lock
from cornerspot.db.transaction import in_transaction
from cornerspot.documents.files import read_file
from cornerspot.documents.models import StoredFile
from cornerspot.jobs.publishing import enqueue, publish
from cornerspot.jobs.queue import GiveUp
from cornerspot.jobs.registry import task
from cornerspot.kit import clock
from cornerspot.mail.addresses import address, sender
from cornerspot.mail.composing import Attachment, Letter, compose
from cornerspot.mail.events import MessageAccepted, MessageUndelivered, MessageWithdrawn
from cornerspot.mail.models import MailRoute, OutgoingMessage
from cornerspot.mail.rereading import why_not_sent
from cornerspot.mail.returning import return_path, return_token
from cornerspot.mail.smtp import Deferred, Refused, deliver
from cornerspot.settings import current_settings
from cornerspot.tenancy import current_team, current_tenant_id

ERROR_LENGTH = 1000
# Greylisting asks for some minutes, a full mailbox or a server that is down for a day or two.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360, 720, 1440, 1440))
MOST_TRIES = len(WAITS) + 1


@task("mail.send_message", own_transactions=True)
def send_message(message_id: str) -> None:
    """The message is accepted, failed, withdrawn, or waits for its next try."""
    wanted = UUID(message_id)
    letter = in_transaction(lambda: _letter_of(wanted))
    if letter is None:
        return
    try:
        _hand_over(letter)
    except Refused as refusal:
        answer = str(refusal)
        in_transaction(lambda: _note_failure(wanted, answer))
    except Deferred as trouble:
        answer = str(trouble)
        in_transaction(lambda: _note_trouble(wanted, answer))
    else:
        in_transaction(lambda: _note_acceptance(wanted))


@task("mail.send_system_mail", own_transactions=True)
def send_system_mail(message_id: str, to: str, subject: str, text: str, html: str) -> None:
    """The mail server has taken a message of the installation; raises Deferred, GiveUp."""
    own, recipient = sender(current_settings().mail_from), address(to)
    letter = Letter(
        message_id=f"{message_id}@{own.domain}",
        sender=own,
        recipient=recipient,
        to=(recipient,),
        subject=subject,
        text=text,
        html=html,
        sent_at=clock.now(),
    )
    try:
        _hand_over(letter)
    except Refused as refusal:
        raise GiveUp(str(refusal)) from refusal


def _hand_over(letter: Letter) -> None:
    settings = current_settings()
    deliver(
        compose(letter),
        settings.smtp_url,
        recipient=letter.recipient.addr_spec,
        return_path=return_path(letter.return_token) if letter.return_token else "",
        timeout=settings.smtp_timeout,
    )


def _letter_of(message_id: UUID) -> Letter | None:
    """What is to be sent, or None when it was sent before, is gone, or is withdrawn now."""
    message = session.get(OutgoingMessage, (current_tenant_id(), message_id))
    if message is None or message.status != "queued":
        return None
    reason = why_not_sent(message)  # Before the lock: what a message is about is held before the message.
    lock(message)
    if message.status != "queued":
        return None
    if reason:
        _withdraw(message, reason)
        return None
    _remember_route(message)
    return _letter(message)


def _withdraw(message: OutgoingMessage, reason: str) -> None:
    message.withdraw(clock.now(), reason)
    publish(MessageWithdrawn(message.id, message.subject_type, message.subject_id, message.purpose))


def _letter(message: OutgoingMessage) -> Letter:
    own = sender(current_settings().mail_from, message.sender_name or current_team().name)
    others = session.scalars(
        select(OutgoingMessage).where(OutgoingMessage.mailing_id == message.mailing_id).order_by(OutgoingMessage.id)
    ).all()
    return Letter(
        message_id=f"{message.mailing_id}@{own.domain}",
        sender=own,
        recipient=address(message.recipient),
        to=tuple(address(one.recipient, one.recipient_name) for one in others if one.kind == "to"),
        cc=tuple(address(one.recipient, one.recipient_name) for one in others if one.kind == "cc"),
        subject=message.subject_line,
        text=message.text_body,
        html=message.html_body,
        sent_at=clock.now(),
        reply_to=address(message.reply_to) if message.reply_to else None,
        logo=_file_of(message.logo_file_id, "logo.png"),
        attachment=_file_of(message.attachment_id, message.attachment_name),
        return_token=return_token(message.id, message.round),
    )


def _remember_route(message: OutgoingMessage) -> None:
    """A report about the message will find its team."""
    route = insert(MailRoute).values(id=message.id, created_at=clock.now(), team_id=current_tenant_id())
    session.execute(route.on_conflict_do_nothing())


def _file_of(file_id: UUID | None, name: str) -> Attachment | None:
    if file_id is None:
        return None
    stored = session.get_one(StoredFile, (current_tenant_id(), file_id))
    return Attachment(name or stored.name, stored.media_type, read_file(stored))


def _locked(message_id: UUID) -> OutgoingMessage | None:
    """The message, held, with this try counted; None when a report has settled it meanwhile."""
    message = session.get_one(OutgoingMessage, (current_tenant_id(), message_id))
    lock(message)
    if message.status != "queued":
        return None
    message.tries += 1
    return message


def _note_acceptance(message_id: UUID) -> None:
    message = _locked(message_id)
    if message is not None:
        message.accept(clock.now())
        publish(MessageAccepted(message.id, message.subject_type, message.subject_id, message.purpose, message.kind))


def _note_failure(message_id: UUID, answer: str) -> None:
    message = _locked(message_id)
    if message is not None:
        _give_up(message, answer)


def _note_trouble(message_id: UUID, answer: str) -> None:
    """Still queued, with the reason on show while it waits for its next try; after the last one it failed."""
    message = _locked(message_id)
    if message is None:
        return
    if message.tries >= MOST_TRIES:
        _give_up(message, answer)
    else:
        message.error = answer[:ERROR_LENGTH]
        message.next_try_at = clock.now() + WAITS[message.tries - 1]
        enqueue("mail.send_message", at=message.next_try_at, message_id=message.id)


def _give_up(message: OutgoingMessage, answer: str) -> None:
    message.fail(clock.now(), answer[:ERROR_LENGTH])
    publish(MessageUndelivered(message.id, message.subject_type, message.subject_id, message.purpose))
