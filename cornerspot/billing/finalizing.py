"""Finalizing: a draft gets its number, dates, tax rows and frozen copy, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.exc import IntegrityError

from cornerspot.activity.recording import recorded
from cornerspot.billing import numbering
from cornerspot.billing.events import InvoiceFinalized
from cornerspot.billing.freezing import freeze
from cornerspot.billing.locking import lock_invoice
from cornerspot.billing.models import BillingSettings, Invoice, InvoiceTax
from cornerspot.billing.settings import billing_settings, billing_settings_and_team
from cornerspot.billing.states import ALREADY_FINAL, FINALIZED, INVOICE, InvoiceStatus
from cornerspot.billing.transitions import transition
from cornerspot.billing.usage import count_finalized_invoices
from cornerspot.catalog.amounts import Totals
from cornerspot.catalog.lines import reckon
from cornerspot.jobs.publishing import publish
from cornerspot.kit.errors import Conflict, IllegalTransition, Invalid
from cornerspot.people.actors import Actor
from cornerspot.people.permissions import Permission
from cornerspot.plans.entitlements import entitlements, lock_limit, require_below
from cornerspot.plans.features import Feature, Limit
from cornerspot.tenancy import team_today
from cornerspot.tenancy.writing import NewRow, write_rows


@dataclass(frozen=True)
class FinalizePreview:
    """What finalizing now would do, for the dialog that asks. ``refusal`` says why it cannot be done."""

    number: str
    issued_on: date
    due_on: date
    refusal: str = ""


def finalize_invoice(invoice: Invoice, *, by: Actor, on: date | None = None) -> Invoice:
    """The draft is final: numbered, dated, frozen, open (or paid when nothing is owed); flushed.

    ``on`` is the issue date; without it the invoice's chosen date, or today in the
    team's zone. Raises IllegalTransition, Invalid, Conflict, LimitReached,
    FeatureMissing, PermissionDenied.
    """
    by.require(Permission.FINALIZE_INVOICES)
    lock_invoice(invoice)
    before = invoice.status
    _require_draft(InvoiceStatus(before))
    _require_entitled()
    settings, team = billing_settings_and_team()
    issued_on = on or invoice.invoice_on or team_today()
    due_on = _due_on(invoice, issued_on)
    totals = reckon(invoice, invoice.lines)
    _require_finalizable(invoice, issued_on, due_on)
    frozen = freeze(invoice, totals, settings, team)
    number = _number(invoice, settings, issued_on)  # Others wait from here to the commit, so all but one is done.
    invoice.finalize(number=number, issued_on=issued_on, due_on=due_on, frozen=frozen)
    said = {"number": number, "issued_on": issued_on, "due_on": due_on, "total_minor": invoice.total_minor}
    _write(
        invoice,
        *_tax_rows(invoice, totals),
        transition(invoice, before, by=by),
        recorded(invoice, "finalized", by=by, **said),
    )
    return invoice


def preview_finalization(invoice: Invoice) -> FinalizePreview:
    """What would happen if the draft were finalized now; needs its lines loaded."""
    settings = billing_settings()
    issued_on = invoice.invoice_on or team_today()
    number = invoice.manual_number or numbering.next_number(settings, on=issued_on)
    refusal = ""
    due_on = invoice.chosen_due_on or issued_on + timedelta(days=invoice.terms_days)
    try:
        _require_finalizable(invoice, issued_on, due_on)
    except (Conflict, Invalid) as error:
        refusal = error.message
    return FinalizePreview(number, issued_on, due_on, refusal)


def _require_draft(status: InvoiceStatus) -> None:
    """Pass for a draft. Undoing a payment opens a paid invoice again, which the table of states allows too."""
    if status in FINALIZED:
        raise IllegalTransition(status, InvoiceStatus.OPEN, ALREADY_FINAL)
    INVOICE.require(status, InvoiceStatus.OPEN)


def _require_entitled() -> None:
    """Pass when the plan has billing and room for one more invoice this month, which is then locked."""
    granted = entitlements()
    granted.require(Feature.BILLING)
    if granted.limits[Limit.FINALIZED_INVOICES] is not None:
        size = lock_limit(Limit.FINALIZED_INVOICES)
        require_below(Limit.FINALIZED_INVOICES, size=size, used=count_finalized_invoices())


def _require_finalizable(invoice: Invoice, issued_on: date, due_on: date) -> None:
    if invoice.account_id is None:
        raise Invalid("Choose a customer before finalizing: the invoice has none.", field="account")
    if not invoice.lines:
        raise Conflict("Add a line before finalizing: the invoice has none.")
    if invoice.total_minor < 0:
        raise Conflict("The total is below zero. Reduce the credits or discounts before finalizing.")
    if issued_on > team_today():
        raise Invalid("The invoice date is after today. Choose today or an earlier date.", field="invoice_on")
    if due_on < issued_on:
        raise Invalid("The due date is before the invoice date. Change one of them.", field="chosen_due_on")


def _due_on(invoice: Invoice, issued_on: date) -> date:
    return invoice.chosen_due_on or issued_on + timedelta(days=invoice.terms_days)


def _number(invoice: Invoice, settings: BillingSettings, issued_on: date) -> str:
    """The manual number, or the next of the series, and the event is published; who comes next waits for us."""
    event = InvoiceFinalized(invoice.id)
    if invoice.manual_number is None:
        return numbering.take_number(settings, event, on=issued_on)
    numbering.require_usable_manual_number(invoice.manual_number)
    publish(event)
    return invoice.manual_number


def _tax_rows(invoice: Invoice, totals: Totals) -> list[NewRow]:
    return [
        NewRow(
            InvoiceTax,
            {
                "invoice_id": invoice.id,
                "position": position,
                "tax_key": row.key,
                "name": row.name,
                "percent": row.percent,
                "base_minor": row.base_minor,
                "tax_minor": row.tax_minor,
            },
        )
        for position, row in enumerate(totals.tax_breakdown)
    ]


def _write(invoice: Invoice, *rows: NewRow) -> None:
    """Write everything, the number with it; the unique over numbers is the last word."""
    try:
        write_rows(*rows, changed=invoice)
    except IntegrityError as error:
        if "uq_invoices_tenant_id_number" not in str(error.orig):
            raise
        raise Conflict(
            f"Another invoice has the number {invoice.number}. Change the manual number, or the pattern in"
            " Settings → Invoices."
        ) from error
