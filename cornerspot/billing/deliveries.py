"""What became of the messages about invoices: those of one invoice, and all that were not delivered."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, or_, select

from cornerspot.billing.models import Invoice, InvoiceReminder
from cornerspot.db import session
from cornerspot.db.keyset import SortKey, keyset_page, moment_key
from cornerspot.kit.errors import NotFound
from cornerspot.kit.paging import Page
from cornerspot.mail.models import UNDELIVERED, OutgoingMessage

MOST_SHOWN = 50
PAGE_SIZE = 50
# Invitations are sent again from their own pages: their link opens a door, and whoever may
# send invoices may not send it to another address.
PURPOSES = ("invoice", "reminder", "receipt", "payment_failed")
_NEWEST = SortKey(OutgoingMessage.created_at, lambda message: message.created_at, moment_key, descending=True)


def deliveries_of(invoice: Invoice) -> list[OutgoingMessage]:
    """The messages with this invoice in them, one row for each recipient, the newest first; one statement."""
    reminders = select(InvoiceReminder.mailing_id).where(InvoiceReminder.invoice_id == invoice.id)
    about = (OutgoingMessage.subject_type == "invoice") & (OutgoingMessage.subject_id == invoice.id)
    statement = (
        select(OutgoingMessage)
        .where(or_(about, OutgoingMessage.mailing_id.in_(reminders)))
        .order_by(OutgoingMessage.created_at.desc(), OutgoingMessage.id)
        .limit(MOST_SHOWN)
    )
    return list(session.scalars(statement))


def undelivered_page(*, cursor: str | None = None, size: int = PAGE_SIZE) -> Page[OutgoingMessage]:
    """A page of the messages to customers that failed or came back and nobody has dealt with, the newest first."""
    statement = select(OutgoingMessage).where(
        OutgoingMessage.status.in_(UNDELIVERED),
        OutgoingMessage.dismissed_at.is_(None),
        OutgoingMessage.purpose.in_(PURPOSES),
    )
    return keyset_page(statement, OutgoingMessage, _NEWEST, cursor=cursor, size=size)


def message_about_money(message_id: UUID) -> OutgoingMessage:
    """The message with this id, if it is about invoices or payments; raises NotFound."""
    statement = select(OutgoingMessage).where(OutgoingMessage.id == message_id, OutgoingMessage.purpose.in_(PURPOSES))
    message = session.scalars(statement).one_or_none()
    if message is None:
        raise NotFound("There is no such message.")
    return message


def invoices_of_mailing(message: OutgoingMessage) -> list[Invoice]:
    """The invoices that a message is about."""
    reminded = select(InvoiceReminder.invoice_id).where(InvoiceReminder.mailing_id == message.mailing_id)
    wanted: ColumnElement[bool] = Invoice.id.in_(reminded)
    if message.subject_type == "invoice":
        wanted = or_(wanted, Invoice.id == message.subject_id)
    return list(session.scalars(select(Invoice).where(wanted).order_by(Invoice.id)))
