"""Failed payments: the customer hears that it can be paid again, and those who look after the money too."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from cornerspot.billing.message_content import MessageRow, write_message
from cornerspot.billing.message_facts import amount_text, customer_name
from cornerspot.billing.message_links import customer_link
from cornerspot.billing.message_recipients import proposed_recipients
from cornerspot.billing.models import CheckoutAttempt, Invoice, Payment
from cornerspot.db import session
from cornerspot.kit.ids import encode_public_id
from cornerspot.mail.queueing import MessageAbout, Recipient, queue_mailing
from cornerspot.people.actors import SYSTEM
from cornerspot.people.models import Membership, Person, Role
from cornerspot.tenancy import current_team
from cornerspot.tenancy.addresses import team_url

CUSTOMER_SUBJECT = "Your payment for {number} did not go through"
CUSTOMER_TEXT = (
    "Hello {contact},\n\n"
    "your payment of {amount} for invoice {number} did not go through{why}. No money was taken.\n\n"
    "You can pay it again with the same or another method.\n\n"
    "{team}"
)
STAFF_SUBJECT = "A payment of {amount} for {number} failed"
STAFF_TEXT = (
    "Hello,\n\n"
    "a payment of {amount} by {customer} for invoice {number} failed{why}. The invoice can be paid again, and its "
    "reminders go on. The customer was told.\n\n{link}"
)


def tell_of_failure(payment: Payment) -> None:
    """Customer and admins each have a message about the failed payment waiting, however often this is called."""
    invoice = _invoice_of(payment)
    if invoice is None:
        return
    amount = amount_text(payment.amount_minor, payment.currency)
    facts = {
        "number": invoice.number or "",
        "amount": amount,
        "customer": customer_name(invoice),
        "contact": invoice.contact.name if invoice.contact else customer_name(invoice),
        "why": f" ({payment.failure.rstrip('.')})" if payment.failure else "",
        "team": current_team().name,
        "link": team_url(f"/invoices/{encode_public_id('inv', invoice.id)}"),
    }
    _tell(payment, invoice, proposed_recipients(invoice)[:1], "customer", facts)
    _tell(payment, invoice, _admins(), "staff", facts)


def _tell(payment: Payment, invoice: Invoice, to: list[Recipient], side: str, facts: dict[str, str]) -> None:
    if not to:
        return
    owed = amount_text(invoice.balance_minor, invoice.currency)
    if side == "customer":
        row = MessageRow(invoice.number or "", "Still open", owed, customer_link(invoice))
        content = write_message(CUSTOMER_SUBJECT, CUSTOMER_TEXT, facts, [row])
    else:
        row = MessageRow(invoice.number or "", facts["customer"], owed)
        content = write_message(STAFF_SUBJECT, STAFF_TEXT, facts, [row])
    queue_mailing(
        to,
        content,
        purpose="payment_failed",
        dedupe_key=f"payment failed {side} {payment.id}",
        about=MessageAbout("invoice", invoice.id),
        by=SYSTEM,
    )


def _invoice_of(payment: Payment) -> Invoice | None:
    return session.scalars(
        select(Invoice)
        .join(CheckoutAttempt, CheckoutAttempt.invoice_id == Invoice.id)
        .where(CheckoutAttempt.id == payment.attempt_id)
        .options(joinedload(Invoice.account), joinedload(Invoice.contact))
    ).one_or_none()


def _admins() -> list[Recipient]:
    rows = session.execute(
        select(Person.email, Person.name)
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.role.in_((Role.OWNER, Role.ADMIN)), Membership.deactivated_at.is_(None))
        .order_by(Membership.id)
    )
    return [Recipient(email, name) for email, name in rows]
