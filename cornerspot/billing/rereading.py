"""Rereading messages about invoices when their turn comes: what was settled meanwhile is not asked for."""

from __future__ import annotations

from uuid import UUID

from cornerspot.billing.locking import lock_invoice
from cornerspot.billing.marking_sent import require_sendable
from cornerspot.billing.models import Invoice
from cornerspot.billing.reminding import reminder_content, require_remindable, still_to_remind
from cornerspot.db import session
from cornerspot.kit.errors import Conflict, NotFound
from cornerspot.mail.models import OutgoingMessage
from cornerspot.mail.rereading import reread_before_sending
from cornerspot.tenancy import current_tenant_id

SETTLED = "Nothing in it was left to remind of."


@reread_before_sending("invoice", "reminder", "payment_failed")
def reread_invoice_message(message: OutgoingMessage) -> str:
    """Why the message about invoices is not sent any more, or ""; one of the ladder says what is owed now."""
    if message.subject_type == "account":
        return _reread_ladder(message)
    if message.subject_type != "invoice" or message.subject_id is None:
        return ""
    return _reread_single(message.subject_id, message.purpose)


def _reread_single(invoice_id: UUID, purpose: str) -> str:
    """What was written is sent as it was written, or not at all."""
    invoice = session.get(Invoice, (current_tenant_id(), invoice_id))
    if invoice is None:
        return ""  # Nothing is known that would speak against it.
    require = require_sendable if purpose == "invoice" else require_remindable
    try:
        require(lock_invoice(invoice))
    except (Conflict, NotFound) as refusal:
        return refusal.message
    return ""


def _reread_ladder(message: OutgoingMessage) -> str:
    invoices = still_to_remind(message.mailing_id)
    if not invoices:
        return SETTLED
    content = reminder_content(invoices)
    message.subject_line, message.text_body, message.html_body = content.subject, content.text, content.html
    return ""
