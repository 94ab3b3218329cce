"""Sending an invoice to its customer, and knowing whether it arrived."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.locking import lock_invoice
from cornerspot.billing.marking_sent import require_sendable
from cornerspot.billing.message_content import MessageRow, write_message
from cornerspot.billing.message_facts import NO_LINK, amount_text, day_text, invoice_facts
from cornerspot.billing.message_links import customer_link
from cornerspot.billing.message_recipients import proposed_recipients, typed_recipients
from cornerspot.billing.message_templates import Template, fill, template_of
from cornerspot.billing.models import Invoice
from cornerspot.billing.rendering import render_invoice_pdf
from cornerspot.billing.states import InvoiceStatus
from cornerspot.db import session
from cornerspot.jobs.publishing import enqueue
from cornerspot.jobs.registry import task
from cornerspot.mail.queueing import Content, MessageAbout, queue_mailing, release_mailing
from cornerspot.people.actors import Actor
from cornerspot.people.permissions import Permission
from cornerspot.plans.entitlements import require_feature
from cornerspot.plans.features import Feature
from cornerspot.tenancy import current_tenant_id


@dataclass(frozen=True)
class LetterInput:
    """What was typed into the dialog. ``request_key`` makes a second click harmless."""

    to: str
    cc: str = ""
    subject: str = ""
    text: str = ""
    request_key: str = ""


def proposed_letter(invoice: Invoice, template: Template) -> LetterInput:
    """What the dialog starts with; needs account and contact loaded.

    What is known is filled in; of a draft, number and dates stay placeholders.
    """
    facts = invoice_facts(invoice, NO_LINK)
    return LetterInput(
        to=", ".join(one.email for one in proposed_recipients(invoice)),
        subject=fill(template.subject, facts),
        text=fill(template.text, facts),
    )


def send_invoice(invoice: Invoice, entered: LetterInput, *, by: Actor, finalize: bool = False) -> UUID:
    """The invoice is on its way to everybody named, with its PDF; the mailing's id, flushed.

    ``finalize`` gives a draft its number in the same transaction. Raises Invalid naming
    the field, Conflict for an invoice that is not sent, and what finalizing raises.
    """
    by.require(Permission.SEND_INVOICES)
    require_feature(Feature.BILLING)
    lock_invoice(invoice)
    recipients = typed_recipients(entered.to, entered.cc, known=proposed_recipients(invoice))
    if finalize and invoice.status == InvoiceStatus.DRAFT:
        finalize_invoice(invoice, by=by)
    require_sendable(invoice)
    mailing_id = queue_mailing(
        recipients,
        invoice_content(invoice, entered.subject, entered.text),
        purpose="invoice",
        dedupe_key=f"invoice {invoice.id} {entered.request_key}",
        about=MessageAbout("invoice", invoice.id),
        by=by,
        held=True,
    )
    enqueue("billing.attach_invoice_pdf", invoice_id=invoice.id, mailing_id=mailing_id)
    return mailing_id


def invoice_content(invoice: Invoice, subject: str = "", text: str = "") -> Content:
    """The message about an invoice, in the team's words where none are given."""
    template = template_of("invoice")
    link = customer_link(invoice)
    due = f"Due on {day_text(invoice.due_on)}" if invoice.is_unpaid else ""
    amount = invoice.balance_minor if invoice.is_unpaid else invoice.total_minor
    row = MessageRow(f"Invoice {invoice.number or ''}".strip(), due, amount_text(amount, invoice.currency), link)
    return write_message(
        subject.strip() or template.subject, text.strip() or template.text, invoice_facts(invoice, link), [row]
    )


@task("billing.attach_invoice_pdf")
def attach_invoice_pdf(invoice_id: str, mailing_id: str) -> None:
    """The message goes out with the invoice's PDF, which is rendered now if it was not yet."""
    render_invoice_pdf(UUID(invoice_id))
    invoice = session.get_one(Invoice, (current_tenant_id(), UUID(invoice_id)))
    if invoice.pdf_file_id is not None:
        release_mailing(UUID(mailing_id), attachment_id=invoice.pdf_file_id)
