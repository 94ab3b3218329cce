"""The page of one invoice: one headline fact, the next step, and everything that happened."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from flask import render_template, request
from wtforms import HiddenField

from cornerspot.activity.reading import KINDS, entries_of
from cornerspot.activity.wording import wording
from cornerspot.billing.deleting import KEPT_FOR
from cornerspot.billing.finalizing import preview_finalization
from cornerspot.billing.models import Invoice
from cornerspot.billing.pay_links import is_live, live_pay_link, pay_link_url
from cornerspot.billing.reading import copies_around
from cornerspot.billing.states import WITHDRAWN, InvoiceStatus
from cornerspot.blueprints.billing.invoice_forms import terms_label
from cornerspot.blueprints.billing.invoice_letters import letter_parts
from cornerspot.blueprints.billing.invoice_money import money_parts
from cornerspot.blueprints.support.fields import ChoiceField, LinesField, TextField
from cornerspot.blueprints.support.filters import money, money_plain, relative_date, short_date
from cornerspot.blueprints.support.forms import Form
from cornerspot.blueprints.support.invoice_totals import invoice_rows, owed
from cornerspot.blueprints.support.record_fields import AmountField, DayField
from cornerspot.kit.money import Money
from cornerspot.kit.money_text import format_money
from cornerspot.tenancy import current_team, team_today

S = InvoiceStatus
METHOD_WORDS = {
    "bank_transfer": "Bank transfer",
    "card": "Card",
    "check": "Check",
    "cash": "Cash",
    "other": "Other",
}


class PaymentForm(Form):
    """Money that arrived by another way than online."""

    amount = AmountField("Amount", negative="Enter an amount above zero.")
    method = ChoiceField(
        "Method",
        refusal="Choose how the money arrived.",
        choices=METHOD_WORDS.items(),
    )
    received_on = DayField("Date received")
    reference = TextField("Reference", longest=200)
    note = LinesField("Internal note", longest=2000)
    request_key = HiddenField()

    @property
    def currency(self) -> Any:
        return self._currency

    def bind(self, invoice: Invoice) -> PaymentForm:
        """Read amounts in the invoice's currency."""
        self._currency = _Code(invoice.currency)
        return self


@dataclass(frozen=True)
class _Code:
    """What an amount field asks a form for."""

    code: str


class ReasonForm(Form):
    """A step that wants to know why."""

    reason = LinesField("Reason", longest=1000)


@dataclass(frozen=True)
class Hero:
    """What the headline card says."""

    headline_label: str
    headline: str
    note: str
    tone: str | None
    tiles: list[dict[str, Any]]
    percent: int | None
    steps: list[dict[str, Any]]
    struck: bool = False


@dataclass
class OpenDialog:
    """The dialog that a refused submit shows again, with its form."""

    name: str = ""
    forms: dict[str, Form] = field(default_factory=dict)
    message: str = ""


def render_invoice(invoice: Invoice, *, dialog: OpenDialog | None = None) -> str:
    """The invoice's page; ``dialog`` is shown again after a refusal."""
    shown = dialog or OpenDialog()
    kind = request.args.get("activity", "")
    source, copies = copies_around(invoice)
    on = team_today()
    link = live_pay_link(invoice.id) if invoice.is_finalized else None
    return render_template(
        "billing/invoices/show.html",
        invoice=invoice,
        hero=hero_of(invoice),
        today=on,
        is_overdue=invoice.is_overdue(on),
        owed=owed(invoice),
        rows=invoice_rows(invoice),
        **money_parts(invoice, shown.forms),
        method_words=METHOD_WORDS,
        entries=[(entry, wording(entry, current_team().locale)) for entry in _entries(invoice, kind)],
        kind=kind if kind in KINDS else "",
        pay_link=link if link and is_live(link) else None,
        pay_link_href=pay_link_url(link) if link else "",
        source=source,
        copies=copies,
        finalizing=preview_finalization(invoice) if invoice.status == S.DRAFT else None,
        terms=terms_label(invoice.terms_days),
        trash_ends=(invoice.deleted_at + KEPT_FOR) if invoice.deleted_at else None,
        payment_form=shown.forms.get("payment") or new_payment_form(invoice),
        reason_form=shown.forms.get("reason") or ReasonForm(formdata=None),
        **letter_parts(invoice, shown.forms),
        open_dialog=shown.name,
        dialog_message=shown.message,
    )


def new_payment_form(invoice: Invoice) -> PaymentForm:
    """The form with what is left filled in, and a key that makes a double click harmless."""
    amount = format_money(Money(invoice.balance_minor, invoice.currency), current_team().locale, with_symbol=False)
    return PaymentForm(
        formdata=None,
        data={"amount": amount, "method": "bank_transfer", "received_on": team_today(), "request_key": uuid4().hex},
    ).bind(invoice)


def hero_of(invoice: Invoice) -> Hero:
    """The one fact that leads, its tiles, how much is collected, and the life so far."""
    settled = invoice.status == S.PAID
    gone = invoice.status in WITHDRAWN
    minor = invoice.paid_minor if settled else invoice.total_minor if gone else invoice.balance_minor
    return Hero(
        headline_label=_HEADLINES.get(S(invoice.status), "Amount due"),
        headline=money(minor, invoice.currency),
        note=_note(invoice),
        tone="red" if invoice.is_overdue(team_today()) else None,
        tiles=_tiles(invoice, settled, gone),
        percent=_percent(invoice) if invoice.is_finalized and not gone else None,
        steps=_steps(invoice),
        struck=gone or invoice.status == S.UNCOLLECTIBLE,
    )


_HEADLINES = {
    S.PAID: "Total paid",
    S.VOID: "Void",
    S.UNCOLLECTIBLE: "Uncollectible",
    S.CANCELLED: "Cancelled",
}


def _note(invoice: Invoice) -> str:
    if invoice.status == S.DRAFT:
        return "Not finalized yet"
    if invoice.status == S.PAID:
        return f"Paid on {short_date(invoice.paid_at)}"
    if invoice.is_unpaid:
        late = invoice.is_overdue(team_today())
        return f"{'Was due' if late else 'Due'} {relative_date(invoice.due_on)}"
    if invoice.status == S.UNCOLLECTIBLE:
        return f"Nothing asked for any more since {short_date(invoice.written_off_at)}"
    return f"Since {short_date(_stopped_at(invoice))}"


def _stopped_at(invoice: Invoice) -> datetime | None:
    return invoice.voided_at or invoice.written_off_at or invoice.cancelled_at


def _tiles(invoice: Invoice, settled: bool, gone: bool) -> list[dict[str, Any]]:
    def tile(label: str, minor: int, tone: str | None = None) -> dict[str, Any]:
        return {"label": label, "value": money_plain(minor, invoice.currency), "tone": tone}

    processing = [tile("Processing", invoice.processing_minor, "violet")] if invoice.processing_minor else []
    return [
        tile("Subtotal", invoice.subtotal_minor),
        tile("Paid" if settled else "Collected", invoice.paid_minor, "green" if invoice.paid_minor else None),
        *processing,
        tile("Refunded", invoice.refunded_minor),
        tile("Written off", invoice.balance_minor)
        if invoice.status == S.UNCOLLECTIBLE
        else tile(
            "Outstanding", 0 if gone else invoice.balance_minor, "red" if invoice.is_overdue(team_today()) else None
        ),
    ]


def _percent(invoice: Invoice) -> int:
    """Whole percent collected; 100 only when nothing is left."""
    if invoice.status == S.PAID:
        return 100
    return invoice.paid_minor * 100 // invoice.total_minor if invoice.total_minor else 0


def _steps(invoice: Invoice) -> list[dict[str, Any]]:
    """Drafted, Sent, Viewed, Paid, each with its date; the first one to come is current."""
    steps = [
        _step("Drafted", invoice.created_at),
        _step("Sent", invoice.sent_at, "Not sent"),
        _step("Viewed", invoice.viewed_at, "Not viewed"),
        _step("Paid", invoice.paid_at, "Awaiting payment"),
    ]
    if _stopped_at(invoice) is not None:
        steps[-1] = {
            "label": _HEADLINES[S(invoice.status)],
            "at": short_date(_stopped_at(invoice)),
            "state": "stopped",
            "note": None,
        }
    elif invoice.is_unpaid or invoice.status == S.DRAFT:
        waiting = next((step for step in steps if step["state"] == "upcoming"), None)
        if waiting is not None:
            waiting["state"] = "current"
    return steps


def _step(label: str, at: Any, note: str = "") -> dict[str, Any]:
    return {
        "label": label,
        "at": short_date(at) if at else None,
        "state": "done" if at else "upcoming",
        "note": note or None,
    }


def _entries(invoice: Invoice, kind: str) -> list[Any]:
    return entries_of(invoice, kind=kind, size=100).rows
