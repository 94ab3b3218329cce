"""What an invoice's page shows of its messages: the dialogs to write one, and what became of those written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import uuid4

from wtforms import HiddenField

from cornerspot.billing.deliveries import deliveries_of
from cornerspot.billing.message_templates import LONGEST_SUBJECT, LONGEST_TEXT, PLACEHOLDERS, templates
from cornerspot.billing.models import Invoice
from cornerspot.billing.reminder_page import reminder_outlook
from cornerspot.billing.sending import LetterInput, proposed_letter
from cornerspot.billing.states import InvoiceStatus
from cornerspot.blueprints.support.fields import LinesField, TextField
from cornerspot.blueprints.support.forms import Form
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.mail.models import OutgoingMessage
from cornerspot.people.permissions import Permission

PURPOSE_WORDS = {
    "invoice": "Invoice",
    "reminder": "Reminder",
    "receipt": "Receipt",
    "payment_failed": "Payment failed",
}
SENDABLE = (InvoiceStatus.DRAFT, InvoiceStatus.OPEN, InvoiceStatus.PARTIALLY_PAID, InvoiceStatus.PAID)


class LetterForm(Form):
    """A message to the customer, before it goes out."""

    to = TextField("To", longest=2000, required="Enter at least one e-mail address.")
    cc = TextField("Cc", longest=2000)
    subject = TextField("Subject", longest=LONGEST_SUBJECT, required="Enter a subject.")
    text = LinesField("Message", longest=LONGEST_TEXT, required="Enter what the message says.")
    request_key = HiddenField()

    def entered(self) -> LetterInput:
        """The message as it was typed; only after validation."""
        return LetterInput(
            to=self.to.data or "",
            cc=self.cc.data or "",
            subject=self.subject.data or "",
            text=self.text.data or "",
            request_key=(self.request_key.data or "")[:100],
        )


@dataclass(frozen=True)
class Mailing:
    """A message of the Delivery card, with everybody it went to."""

    label: str
    at: datetime
    rows: list[OutgoingMessage] = field(default_factory=list)


def letter_parts(invoice: Invoice, shown: dict[str, Form]) -> dict[str, Any]:
    """What the templates of the page need; ``shown`` are forms that a refusal brought back."""
    return {
        "letters": _letters(invoice, shown),
        "mailings": list(_mailings(invoice)) if invoice.is_finalized else [],
        "outlook": reminder_outlook(invoice) if invoice.is_unpaid else None,
        "placeholders": {purpose: list(words) for purpose, words in PLACEHOLDERS.items()},
    }


def offered_letters(invoice: Invoice) -> list[str]:
    """The purposes of the dialogs that this teammate may open."""
    if not current_actor().may(Permission.SEND_INVOICES) or invoice.deleted_at is not None:
        return []
    return [*(["invoice"] if invoice.status in SENDABLE else []), *(["reminder"] if invoice.is_unpaid else [])]


def _letters(invoice: Invoice, shown: dict[str, Form]) -> dict[str, Form]:
    purposes = offered_letters(invoice)
    found = templates() if purposes else {}
    return {purpose: shown.get(purpose) or _form(proposed_letter(invoice, found[purpose])) for purpose in purposes}


def _form(letter: LetterInput) -> LetterForm:
    data = {"to": letter.to, "cc": letter.cc, "subject": letter.subject, "text": letter.text}
    return LetterForm(formdata=None, data={**data, "request_key": uuid4().hex})


def _mailings(invoice: Invoice) -> Iterator[Mailing]:
    for _, rows in groupby(deliveries_of(invoice), key=lambda message: message.mailing_id):
        listed = sorted(rows, key=lambda message: message.kind != "to")
        first = listed[0]
        yield Mailing(PURPOSE_WORDS.get(first.purpose, first.purpose.capitalize()), first.created_at, listed)
