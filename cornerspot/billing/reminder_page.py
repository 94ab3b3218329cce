"""What an invoice's page says of the ladder: when the next reminder goes out, or why none does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from cornerspot.billing.models import Invoice, InvoiceReminder
from cornerspot.billing.reminder_settings import ladder_of, pauses_of, reminder_settings
from cornerspot.db import session
from cornerspot.kit import clock


@dataclass(frozen=True)
class ReminderOutlook:
    """``next_at`` None: no step is left, or none is taken for the reason that is true."""

    enabled: bool
    is_sent: bool
    is_processing: bool
    invoice_paused: bool
    account_paused: bool
    next_at: datetime | None


def reminder_outlook(invoice: Invoice) -> ReminderOutlook:
    """How the ladder goes on for an unpaid invoice; three statements."""
    settings = reminder_settings()
    invoice_paused, account_paused = pauses_of(invoice)
    taken = session.scalars(select(InvoiceReminder.step_days).where(InvoiceReminder.invoice_id == invoice.id)).all()
    next_at = None
    if invoice.due_on is not None and invoice.sent_at is not None:
        next_at = ladder_of(settings).next_step(invoice.due_on, invoice.sent_at, taken, clock.now())
    return ReminderOutlook(
        enabled=settings.enabled,
        is_sent=invoice.sent_at is not None,
        is_processing=invoice.processing_minor > 0,
        invoice_paused=invoice_paused,
        account_paused=account_paused,
        next_at=next_at,
    )
