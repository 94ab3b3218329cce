"""A finalized invoice as its customer sees it, in the portal and behind a pay link: no internals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from cornerspot.billing.document import InvoiceDocument, invoice_document
from cornerspot.billing.models import Invoice, Refund
from cornerspot.billing.online.checkout import NOT_SET_UP, least_part_minor, live_connection, payable_minor
from cornerspot.billing.payments_reading import PaymentOnInvoice, money_of
from cornerspot.billing.states import InvoiceStatus
from cornerspot.blueprints.support.context import request_entitlements
from cornerspot.blueprints.support.filters import money, relative_date, short_date
from cornerspot.blueprints.support.invoice_totals import invoice_rows, owed
from cornerspot.blueprints.support.security import leads_to_processor
from cornerspot.db import session
from cornerspot.kit.errors import Invalid
from cornerspot.kit.money import Money
from cornerspot.payments.choosing import METHOD_NAMES, methods_for
from cornerspot.payments.models import ProcessorAccount
from cornerspot.payments.stripe_amounts import require_payable
from cornerspot.plans.features import Feature
from cornerspot.tenancy import team_today

S = InvoiceStatus
SHOWN_PAYMENTS = ("completed", "processing", "failed", "refunded", "disputed")
CAME_BACK = ("failed", "disputed")
SHOWN_REFUNDS = ("requested", "pending", "requires_action", "succeeded")


@dataclass(frozen=True)
class CustomerInvoice:
    """What the customer's page shows. Amounts in minor units of the invoice's currency.

    ``payable_minor`` is zero when nothing can be paid online, and ``why_not`` says why
    when something is owed all the same; ``methods`` are the ways to pay, by name.
    ``least_minor`` equals what is payable when parts are not taken.
    """

    invoice: Invoice
    document: InvoiceDocument
    rows: list[dict[str, Any]]
    payments: list[PaymentOnInvoice]
    refunds: list[Refund]
    methods: tuple[str, ...]
    headline: str
    amount: str
    note: str
    tone: str | None
    owed_minor: int
    payable_minor: int
    least_minor: int
    why_not: str

    @property
    def takes_parts(self) -> bool:
        return 0 < self.least_minor < self.payable_minor

    @property
    def came_back(self) -> PaymentOnInvoice | None:
        """The last payment, when it failed or the bank took it back, and has not been made good since."""
        last = self.payments[0] if self.payments and self.owed_minor else None
        return last if last is not None and last.status in CAME_BACK else None


def customer_invoice(invoice: Invoice) -> CustomerInvoice:
    """The customer's view; needs lines, tax rows, account and contact loaded."""
    payable, methods, why_not = _payable(invoice)
    if payable:
        leads_to_processor()
    headline, minor = _headline(invoice)
    return CustomerInvoice(
        invoice=invoice,
        document=invoice_document(invoice),
        rows=invoice_rows(invoice),
        payments=[row for row in money_of(invoice).payments if row.status in SHOWN_PAYMENTS],
        refunds=_refunds(invoice) if invoice.refunded_minor else [],
        methods=methods,
        headline=headline,
        amount=money(minor, invoice.currency),
        note=_note(invoice),
        tone="red" if invoice.is_overdue(team_today()) else None,
        owed_minor=owed(invoice),
        payable_minor=payable,
        least_minor=min(least_part_minor(invoice), payable) if payable else 0,
        why_not=why_not,
    )


def online_connection() -> ProcessorAccount | None:
    """The connection through which the team's customers can pay now; None where it is not set up or not in the plan."""
    return live_connection() if request_entitlements().allows(Feature.ONLINE_PAYMENTS) else None


def _payable(invoice: Invoice) -> tuple[int, tuple[str, ...], str]:
    """What can be paid online now and how, and why it cannot where it might be expected."""
    amount = payable_minor(invoice)
    if not amount:
        return 0, (), ""
    connection = online_connection()
    if connection is None:
        return 0, (), NOT_SET_UP
    try:
        require_payable(Money(amount, invoice.currency))
    except Invalid as refusal:
        return 0, (), refusal.message
    return amount, tuple(METHOD_NAMES[key] for key in methods_for(connection, invoice.currency)), ""


def _refunds(invoice: Invoice) -> list[Refund]:
    """What was given back of the invoice, the newest first."""
    statement = select(Refund).where(Refund.asked_invoice_id == invoice.id, Refund.status.in_(SHOWN_REFUNDS))
    return list(session.scalars(statement.order_by(Refund.id.desc())))


def _headline(invoice: Invoice) -> tuple[str, int]:
    if invoice.status == S.PAID:
        return "Paid", invoice.paid_minor
    if invoice.status == S.VOID:
        return "Void", invoice.total_minor
    if invoice.status == S.UNCOLLECTIBLE:
        return "Closed", invoice.balance_minor
    return "Amount due", invoice.balance_minor


def _note(invoice: Invoice) -> str:
    if invoice.status == S.PAID:
        return f"Paid on {short_date(invoice.paid_at)}. Thank you."
    if invoice.status == S.VOID:
        return "This invoice was withdrawn. There is nothing to pay."
    if invoice.status == S.UNCOLLECTIBLE:
        return "This invoice cannot be paid online any more. Please get in touch."
    late = invoice.is_overdue(team_today())
    return f"{'Was due' if late else 'Due'} {relative_date(invoice.due_on)}"
