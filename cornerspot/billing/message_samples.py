"""How a message looks with real data: the newest invoice of the team, or an example while there is none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from cornerspot.billing.message_content import MessageRow, write_message
from cornerspot.billing.message_facts import NO_LINK, Link, amount_text, day_text, invoice_facts
from cornerspot.billing.message_links import button_label, can_be_paid_online
from cornerspot.billing.message_templates import template_of
from cornerspot.billing.models import Invoice
from cornerspot.billing.states import FINALIZED, InvoiceStatus
from cornerspot.db import session
from cornerspot.mail.queueing import Content, MessageAbout, Recipient, queue_message
from cornerspot.people.actors import Actor
from cornerspot.people.permissions import Permission
from cornerspot.settings import current_settings
from cornerspot.tenancy import current_team, team_today

_EXAMPLE_MINOR = 476_000


@dataclass(frozen=True)
class _Sample:
    """What a sample message says of an invoice, and the box below the text."""

    facts: dict[str, str]
    row: MessageRow


def sample_content(purpose: str, subject: str = "", text: str = "") -> Content:
    """A message of this kind about a real invoice, in the words given or the team's own. Writes nothing."""
    template, sample = template_of(purpose), _sample(purpose)
    return write_message(subject.strip() or template.subject, text.strip() or template.text, sample.facts, [sample.row])


def send_sample(purpose: str, subject: str, text: str, *, by: Actor, request_key: str) -> None:
    """A test of the message is on its way to the teammate who asked for it; once per ``request_key``."""
    by.require(Permission.MANAGE_SETTINGS)
    content = sample_content(purpose, subject, text)
    queue_message(
        Recipient(by.email, by.name),
        Content(f"Test: {content.subject}", content.text, content.html, logo_file_id=content.logo_file_id),
        purpose="test",
        dedupe_key=f"test {request_key}",
        about=MessageAbout(),
        by=by,
    )


def _sample(purpose: str) -> _Sample:
    invoice = _newest_invoice()
    link = Link(f"{current_settings().external_url}/{current_team().slug}", "View invoice")
    facts = invoice_facts(invoice, link) if invoice else _example_facts(link)
    if invoice is not None:
        link = Link(link.url, button_label(invoice, online=can_be_paid_online()))
    if purpose == "receipt":
        amount = amount_text(invoice.total_minor, invoice.currency) if invoice else facts["total"]
        facts |= {"amount": amount, "paid_on": day_text(team_today()), "method": "bank transfer"}
        return _Sample(facts, MessageRow("Paid", f"{facts['paid_on']}, bank transfer", amount, NO_LINK))
    return _Sample(
        facts, MessageRow(f"Invoice {facts['number']}", f"Due on {facts['due_date']}", facts["amount_due"], link)
    )


def _newest_invoice() -> Invoice | None:
    """The newest invoice that is owed, or else the newest there is."""
    for statuses in ((InvoiceStatus.OPEN,), tuple(FINALIZED)):
        found = session.scalars(
            select(Invoice)
            .where(Invoice.status.in_(statuses))
            .options(joinedload(Invoice.account), joinedload(Invoice.contact))
            .order_by(Invoice.created_at.desc(), Invoice.id.desc())
            .limit(1)
        ).one_or_none()
        if found is not None:
            return found
    return None


def _example_facts(link: Link) -> dict[str, str]:
    amount = amount_text(_EXAMPLE_MINOR, current_team().currency)
    due_date = day_text(team_today() + timedelta(days=30))
    return {
        "number": "INV-000042",
        "customer": "Acme Ltd",
        "contact": "Anna Berg",
        "amount_due": amount,
        "total": amount,
        "due_date": due_date,
        "issue_date": day_text(team_today()),
        "invoices": f"Invoice INV-000042: {amount}, due on {due_date}",
        "pay_link": link.url,
        "team": current_team().name,
    }
