"""The way from a message to the invoice: its pay link, and what the button says."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from cornerspot.billing.message_facts import Link, amount_text
from cornerspot.billing.models import Invoice
from cornerspot.billing.pay_links import ensure_pay_link, pay_link_url
from cornerspot.db import session
from cornerspot.payments.models import ProcessorAccount
from cornerspot.plans.entitlements import entitlements
from cornerspot.plans.features import Feature


def customer_link(invoice: Invoice) -> Link:
    """Where the customer sees a finalized invoice, and pays it where that is set up."""
    return customer_links([invoice])[0]


def customer_links(invoices: Sequence[Invoice]) -> list[Link]:
    """The same for several."""
    online = can_be_paid_online()
    return [Link(pay_link_url(ensure_pay_link(invoice)), button_label(invoice, online=online)) for invoice in invoices]


def can_be_paid_online() -> bool:
    """Whether the team takes payments through its own processor."""
    if not entitlements().allows(Feature.ONLINE_PAYMENTS):
        return False
    live = session.scalars(select(ProcessorAccount).where(ProcessorAccount.state != "disconnected")).one_or_none()
    return live is not None and live.is_usable


def button_label(invoice: Invoice, *, online: bool) -> str:
    """What the button to the invoice says."""
    owed = invoice.balance_minor - invoice.processing_minor if invoice.is_unpaid else 0
    return f"Pay {amount_text(owed, invoice.currency)}" if online and owed > 0 else "View invoice"
