"""Receipts: the customer is told that a payment has arrived, once."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from cornerspot.billing.message_content import MessageRow, write_message
from cornerspot.billing.message_facts import amount_text, customer_name, day_text
from cornerspot.billing.message_recipients import proposed_recipients
from cornerspot.billing.message_templates import template_of
from cornerspot.billing.models import Invoice, Payment, PaymentAllocation
from cornerspot.crm.models import Account
from cornerspot.db import session
from cornerspot.mail.queueing import Content, MessageAbout, Recipient, queue_mailing
from cornerspot.people.actors import SYSTEM
from cornerspot.tenancy import current_team, current_tenant_id

METHOD_WORDS = {
    "bank_transfer": "bank transfer",
    "card": "card",
    "check": "check",
    "cash": "cash",
    "online": "online",
    "other": "another way",
}


def queue_receipt(payment: Payment) -> UUID | None:
    """The customer's receipt for a payment waits to be sent; its mailing id, however often this is called.

    None when the customer has no e-mail address.
    """
    invoices = _invoices_of(payment)
    account = session.get_one(Account, (current_tenant_id(), payment.account_id))
    recipients = proposed_recipients(invoices[0]) if invoices else _of_account(account)
    if not recipients:
        return None
    return queue_mailing(
        recipients[:1],
        receipt_content(payment, invoices, account),
        purpose="receipt",
        dedupe_key=f"receipt {payment.id}",
        about=MessageAbout("invoice", invoices[0].id) if invoices else MessageAbout("payment", payment.id),
        by=SYSTEM,
    )


def receipt_content(payment: Payment, invoices: list[Invoice], account: Account) -> Content:
    """The receipt in the team's words; invoices with their contacts loaded."""
    template = template_of("receipt")
    amount, paid_on = amount_text(payment.amount_minor, payment.currency), day_text(payment.received_on)
    customer = customer_name(invoices[0]) if invoices else account.name
    contact = invoices[0].contact.name if invoices and invoices[0].contact else ""
    method = METHOD_WORDS.get(payment.method, payment.method)
    facts = {
        "amount": amount,
        "paid_on": paid_on,
        "method": method,
        "number": ", ".join(invoice.number or "" for invoice in invoices) or "your account",
        "customer": customer,
        "contact": contact or customer,
        "team": current_team().name,
    }
    return write_message(template.subject, template.text, facts, [MessageRow("Paid", f"{paid_on}, {method}", amount)])


def _invoices_of(payment: Payment) -> list[Invoice]:
    settled = select(PaymentAllocation.invoice_id).where(
        PaymentAllocation.payment_id == payment.id, PaymentAllocation.released_at.is_(None)
    )
    return list(
        session.scalars(
            select(Invoice)
            .where(Invoice.id.in_(settled))
            .options(joinedload(Invoice.account), joinedload(Invoice.contact))
            .order_by(Invoice.due_on, Invoice.id)
        )
    )


def _of_account(account: Account) -> list[Recipient]:
    return [Recipient(account.billing_email, account.name)] if account.billing_email else []
