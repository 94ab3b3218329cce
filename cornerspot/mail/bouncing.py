"""Bounces: a report about a message is noted on it, if we signed what the report names."""

from __future__ import annotations

from uuid import UUID

from cornerspot.db import session
from cornerspot.db.locks import lock
from cornerspot.db.transaction import in_transaction
from cornerspot.jobs.publishing import publish
from cornerspot.kit import clock
from cornerspot.kit.errors import NotFound
from cornerspot.mail.events import MessageUndelivered
from cornerspot.mail.models import MailRoute, OutgoingMessage
from cornerspot.mail.reports import read_report
from cornerspot.mail.returning import Returned, read_token
from cornerspot.tenancy import current_tenant_id, system_scope, team_scope

ERROR_LENGTH = 1000


def take_bounce(raw: bytes, recipients: tuple[str, ...] = ()) -> bool:
    """The message that a report names says that it came back; whether there was one.

    ``recipients`` are those of the envelope. Mail that is no report of a failure, and
    reports on what we never signed, change nothing. Call it outside of any scope: it
    commits on its own.
    """
    report = read_report(raw, recipients)
    if report is None:
        return False
    returned = next(filter(None, map(read_token, report.addresses)), None)
    if returned is None:
        return False
    with system_scope("a report about a message does not say whose it was"):
        route = in_transaction(lambda: _route(returned))
    if route is None:
        return False
    try:
        with team_scope(route):
            return in_transaction(lambda: note_bounce(returned, report.answer))
    except NotFound:
        return False  # The team or the message is gone.


def _route(returned: Returned) -> UUID | None:
    route = session.get(MailRoute, returned.message_id)
    return None if route is None else route.team_id


def note_bounce(returned: Returned, answer: str) -> bool:
    """The message has come back; not if it was sent again since, or is known to have failed."""
    message = session.get(OutgoingMessage, (current_tenant_id(), returned.message_id))
    if message is None:
        return False
    lock(message)
    if message.round != returned.round or message.status in ("bounced", "failed"):
        return False
    message.bounce(clock.now(), answer[:ERROR_LENGTH])
    publish(MessageUndelivered(message.id, message.subject_type, message.subject_id, message.purpose))
    return True
