"""What messages to customers say: our proposals, and the team's own subject and text.

Placeholders are replaced as plain text, once: what is not known stays as it was typed,
and what a value holds is never read as a placeholder or as markup.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from cornerspot.activity.recording import record
from cornerspot.billing.models import MessageTemplate
from cornerspot.db import session
from cornerspot.db.locks import lock_name
from cornerspot.db.versions import bump, require_version
from cornerspot.kit.errors import Invalid
from cornerspot.mail.addresses import one_line
from cornerspot.people.actors import Actor
from cornerspot.people.permissions import Permission
from cornerspot.plans.entitlements import require_feature
from cornerspot.plans.features import Feature
from cornerspot.tenancy import current_tenant_id

LONGEST_SUBJECT = 200
LONGEST_TEXT = 10_000
_PLACEHOLDER = re.compile(r"\{(\w+)\}")

PLACEHOLDERS: Mapping[str, Mapping[str, str]] = {
    "invoice": {
        "number": "the invoice's number",
        "customer": "the customer's name",
        "contact": "the billing contact, or the customer",
        "amount_due": "what is still owed",
        "total": "the invoice's total",
        "due_date": "the day it is due",
        "issue_date": "the day it was issued",
        "pay_link": "the address where it can be seen and paid",
        "team": "your team's name",
    },
    "reminder": {
        "invoices": "a line for each invoice, with what is owed and when it was due",
        "number": "the invoice's number, or all of them",
        "customer": "the customer's name",
        "contact": "the billing contact, or the customer",
        "amount_due": "what is still owed",
        "due_date": "the day the first of them is due",
        "pay_link": "the address where it can be seen and paid",
        "team": "your team's name",
    },
    "receipt": {
        "amount": "what was paid",
        "paid_on": "the day it was paid",
        "method": "how it was paid",
        "number": "the invoice it paid, or all of them",
        "customer": "the customer's name",
        "contact": "the billing contact, or the customer",
        "team": "your team's name",
    },
}


@dataclass(frozen=True)
class Template:
    """Subject and text of a kind of message. ``version`` 0 is our proposal."""

    purpose: str
    subject: str
    text: str
    version: int = 0

    @property
    def is_own(self) -> bool:
        return self.version > 0


PROPOSALS: Mapping[str, Template] = {
    "invoice": Template(
        "invoice",
        "Invoice {number} from {team}",
        "Hello {contact},\n\n"
        "here is invoice {number} over {total}, due on {due_date}. It is attached as a PDF.\n\n"
        "Thank you for your business.\n\n"
        "{team}",
    ),
    "reminder": Template(
        "reminder",
        "Reminder: {number} from {team}",
        "Hello {contact},\n\n"
        "a friendly reminder of what is still open:\n\n"
        "{invoices}\n\n"
        "If you have paid in the meantime, please ignore this message.\n\n"
        "{team}",
    ),
    "receipt": Template(
        "receipt",
        "Receipt for {number} from {team}",
        "Hello {contact},\n\nwe received {amount} on {paid_on} for {number}. Thank you.\n\n{team}",
    ),
}


def fill(text: str, facts: Mapping[str, str]) -> str:
    """The text with the facts in place of their placeholders; any other brace stays as it is."""
    return _PLACEHOLDER.sub(lambda match: facts.get(match[1], match[0]), text)


def unknown_placeholders(purpose: str, *texts: str) -> list[str]:
    """What looks like a placeholder in the texts and is none of messages of this kind: it is sent as it stands."""
    named = dict.fromkeys(match[0] for text in texts for match in _PLACEHOLDER.finditer(text))
    return [words for words in named if words[1:-1] not in PLACEHOLDERS[purpose]]


def template_of(purpose: str) -> Template:
    """What the team's messages of this kind say."""
    return templates()[purpose]


def templates() -> dict[str, Template]:
    """All of them by purpose, the team's own where it has one; one statement."""
    own = {row.purpose: _read(row) for row in session.scalars(select(MessageTemplate))}
    return {**PROPOSALS, **own}


def save_template(purpose: str, subject: str, text: str, *, seen: int | None, by: Actor) -> Template:
    """The team's messages of this kind say this from now on; flushed. Raises Invalid, StaleVersion."""
    row = _locked(purpose, by)
    subject, text = one_line(subject), text.replace("\r\n", "\n").strip()
    if not subject:
        raise Invalid("Enter a subject.", field="subject")
    if not text:
        raise Invalid("Enter what the message says.", field="text")
    if len(subject) > LONGEST_SUBJECT:
        raise Invalid(f"Use up to {LONGEST_SUBJECT} characters.", field="subject")
    if len(text) > LONGEST_TEXT:
        raise Invalid(f"Use up to {LONGEST_TEXT} characters.", field="text")
    row = row or MessageTemplate(purpose=purpose, subject="", text="", version=0)
    require_version(row, seen, {"subject": subject, "text": text})
    row.subject, row.text = subject, text
    bump(row)
    session.add(row)
    record(row, "edited", by=by, purpose=purpose)
    session.flush()
    return _read(row)


def reset_template(purpose: str, *, by: Actor) -> Template:
    """The team's messages of this kind say what we propose again; flushed."""
    row = _locked(purpose, by)
    if row is not None:
        record(row, "reset", by=by, purpose=purpose)
        session.delete(row)
        session.flush()
    return PROPOSALS[purpose]


def _locked(purpose: str, by: Actor) -> MessageTemplate | None:
    by.require(Permission.MANAGE_SETTINGS)
    require_feature(Feature.BILLING)
    lock_name(f"message template {current_tenant_id()} {purpose}")
    return session.scalars(select(MessageTemplate).where(MessageTemplate.purpose == purpose)).one_or_none()


def _read(row: MessageTemplate) -> Template:
    return Template(row.purpose, row.subject, row.text, row.version)
