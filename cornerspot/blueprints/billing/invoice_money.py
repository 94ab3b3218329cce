"""The money side of an invoice's page: its payments, what can be refunded, and credit to apply."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from wtforms import BooleanField, HiddenField

from cornerspot.billing.models import Invoice
from cornerspot.billing.payments_reading import InvoiceMoney, PaymentOnInvoice, money_of
from cornerspot.blueprints.support.fields import LinesField
from cornerspot.blueprints.support.forms import Form
from cornerspot.blueprints.support.record_fields import AmountField
from cornerspot.kit.errors import Invalid
from cornerspot.kit.money import Money
from cornerspot.kit.money_text import format_money
from cornerspot.payments.stripe_links import dashboard_url
from cornerspot.tenancy import current_team

LONGEST_KEY = 64
REFUND_WORDS = {
    "requested": ("Asked for", "violet"),
    "pending": ("Pending", "violet"),
    "requires_action": ("Waits for the customer", "amber"),
    "succeeded": ("Refunded", "grey"),
    "failed": ("Failed", "red"),
    "canceled": ("Canceled", "muted"),
}
DISPUTE_WORDS = {
    "warning_needs_response": ("Inquiry, answer it", "amber"),
    "warning_under_review": ("Inquiry, under review", "amber"),
    "warning_closed": ("Inquiry closed", "grey"),
    "needs_response": ("Answer it", "red"),
    "under_review": ("Under review", "amber"),
    "won": ("Won", "green"),
    "lost": ("Lost", "red"),
    "prevented": ("Prevented", "grey"),
    "appeal_needs_response": ("Appealed, answer it", "red"),
    "appeal_under_review": ("Appeal under review", "amber"),
}


@dataclass(frozen=True)
class _Code:
    """What an amount field asks a form for."""

    code: str


class MoneyForm(Form):
    """A form with an amount in a currency that is known before."""

    @property
    def currency(self) -> Any:
        return self._currency

    def bind(self, currency: str) -> Any:
        """Read amounts in this currency."""
        self._currency = _Code(currency)
        return self


class RefundForm(MoneyForm):
    """How much of a payment goes back, and whether the invoice asks for it again."""

    amount = AmountField("Amount", negative="Enter an amount above zero.")
    reason = LinesField("Reason", longest=500)
    still_owed = BooleanField("Customer still owes this amount")
    request_key = HiddenField()


class CreditForm(MoneyForm):
    """How much of the customer's credit settles the invoice; ``seen_balance`` is what the page showed."""

    amount = AmountField("Amount", negative="Enter an amount above zero.")
    seen_balance = HiddenField()


class CreditRefundForm(MoneyForm):
    """How much of a customer's credit goes back."""

    amount = AmountField("Amount", negative="Enter an amount above zero.")
    reason = LinesField("Reason", longest=500)
    request_key = HiddenField()


def credit_refund_form(credit: Money) -> Form:
    """The form with all of the credit filled in, and a key that makes a double click harmless."""
    data = {"amount": _plain(credit.minor, credit.currency), "request_key": uuid4().hex}
    form: Form = CreditRefundForm(formdata=None, data=data).bind(credit.currency)
    return form


def read_key(form: RefundForm | CreditRefundForm) -> str:
    """The form's own key; raises Invalid for one that we did not write."""
    key = form.request_key.data or ""
    if not key or len(key) > LONGEST_KEY or not key.isalnum():
        raise Invalid("Reload the page and try again.")
    return key


def money_parts(invoice: Invoice, forms: dict[str, Form]) -> dict[str, Any]:
    """What the templates show of an invoice's money; ``forms`` are those of a refused submit."""
    found = money_of(invoice) if invoice.is_finalized else InvoiceMoney([], 0)
    payments = found.payments
    wants_credit = invoice.is_payable and invoice.balance_minor > invoice.processing_minor
    credit = found.credit_minor if wants_credit else 0
    return {
        "payments": payments,
        "under_way": next((row.payment for row in payments if row.status == "processing"), None),
        "is_disputed": any(row.status == "disputed" for row in payments),
        "refund_words": REFUND_WORDS,
        "dispute_words": DISPUTE_WORDS,
        "stripe_url": dashboard_url,
        "refund_forms": _refund_forms(payments, forms),
        "credit_minor": credit,
        "credit_form": forms.get("credit") or _credit_form(invoice, credit),
    }


def _refund_forms(payments: list[PaymentOnInvoice], forms: dict[str, Form]) -> dict[UUID, Form]:
    """A form for each payment that something is left of, what it settles here filled in."""
    found: dict[UUID, Form] = {}
    for row in payments:
        if row.refundable_minor > 0:
            refused = forms.get(f"refund-{row.payment.id}")
            found[row.payment.id] = refused if refused is not None else _refund_form(row)
    return found


def _refund_form(row: PaymentOnInvoice) -> Form:
    most = min(row.refundable_minor, row.left_minor or row.refundable_minor)
    form: Form = RefundForm(
        formdata=None, data={"amount": _plain(most, row.payment.currency), "request_key": uuid4().hex}
    ).bind(row.payment.currency)
    return form


def _credit_form(invoice: Invoice, credit_minor: int) -> Form:
    most = min(credit_minor, max(invoice.balance_minor - invoice.processing_minor, 0))
    form: Form = CreditForm(
        formdata=None,
        data={"amount": _plain(most, invoice.currency), "seen_balance": str(invoice.balance_minor)},
    ).bind(invoice.currency)
    return form


def _plain(minor: int, currency: str) -> str:
    return format_money(Money(minor, currency), current_team().locale, with_symbol=False)
