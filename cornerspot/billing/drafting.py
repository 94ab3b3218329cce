"""Drafting: what a person types in becomes an invoice that is not final yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from cornerspot.activity.recording import record, recorded
from cornerspot.billing.deal_billing import follow_invoice_lines
from cornerspot.billing.locking import lock_invoice
from cornerspot.billing.models import Invoice, InvoiceLine
from cornerspot.billing.numbering import require_usable_manual_number
from cornerspot.billing.settings import billing_settings
from cornerspot.billing.states import InvoiceStatus
from cornerspot.billing.transitions import transition
from cornerspot.catalog.lines import Copy, LineInput, reckon, write_line
from cornerspot.crm.models import Account, Contact, Deal
from cornerspot.db import session
from cornerspot.kit.errors import Conflict, Invalid, StaleVersion
from cornerspot.people.actors import Actor
from cornerspot.people.permissions import Permission
from cornerspot.plans.entitlements import require_feature
from cornerspot.plans.features import Feature
from cornerspot.tenancy.writing import write_rows

LONGEST_TERMS_DAYS = 365
NOT_A_DRAFT = "This invoice is finalized and cannot be edited. Void it and draft a copy to correct it."


@dataclass(frozen=True)
class DraftInput:
    """What a draft says, as entered. ``terms_days`` None takes the account's, then the team's."""

    account: Account | None
    currency: str
    lines: Sequence[LineInput] = ()
    contact: Contact | None = None
    discounts: Sequence[Copy] = ()
    taxes: Sequence[Copy] = ()
    prices_include_tax: bool = False
    terms_days: int | None = None
    invoice_on: date | None = None
    chosen_due_on: date | None = None
    manual_number: str | None = None
    purchase_order: str = ""
    notes: str = ""
    terms_text: str = ""
    internal_note: str = ""


# What is copied as it was entered; the rest needs a hand.
_PLAIN = (
    "currency",
    "prices_include_tax",
    "invoice_on",
    "chosen_due_on",
    "manual_number",
    "purchase_order",
    "notes",
    "terms_text",
    "internal_note",
)


def create_draft(
    entered: DraftInput,
    *,
    by: Actor,
    deal: Deal | None = None,
    copied_from: Invoice | None = None,
    origin: str = "manual",
) -> Invoice:
    """A draft that says what was entered, reckoned; flushed, with its lines in their order.

    Lines of a deal are marked billed by ``deal_billing``, by the caller who holds the
    deal's lock. Raises Invalid, PermissionDenied, FeatureMissing.
    """
    by.require(Permission.CREATE_INVOICES)
    require_feature(Feature.BILLING)
    _require_sound(entered)
    invoice = Invoice(
        origin=origin,
        deal_id=deal.id if deal else None,
        copied_from_id=copied_from.id if copied_from else None,
        created_by=by.membership_id,
        lines=[],
        tax_rows=[],
    )
    _write(invoice, entered)
    session.add(invoice)
    session.flush()  # The transition and the timeline refer to the invoice.
    said = {"origin": origin, "total_minor": invoice.total_minor, "currency": invoice.currency}
    write_rows(transition(invoice, None, by=by), recorded(invoice, "drafted", by=by, **said))
    return invoice


def update_draft(invoice: Invoice, entered: DraftInput, *, seen_version: int, by: Actor) -> None:
    """The draft says what was entered, unless somebody saved it after ``seen_version`` was read.

    Raises StaleVersion with the differences, Conflict for anything but a draft, Invalid.
    """
    by.require(Permission.CREATE_INVOICES)
    require_feature(Feature.BILLING)
    lock_invoice(invoice, deal_first=True)
    if invoice.status != InvoiceStatus.DRAFT:
        raise Conflict("A cancelled draft cannot be edited." if not invoice.is_finalized else NOT_A_DRAFT)
    if invoice.version != seen_version:
        raise StaleVersion(changes=differences(invoice, entered))
    _require_sound(entered)
    changed = sorted(differences(invoice, entered))
    _write(invoice, entered)
    invoice.version += 1
    if invoice.deal_id is not None:
        follow_invoice_lines(invoice)
    record(invoice, "edited", by=by, fields=changed)


def differences(invoice: Invoice, entered: DraftInput) -> Mapping[str, tuple[Any, Any]]:
    """Field → (stored, entered) where they differ; needs lines, account and contact loaded."""
    stored = draft_input(invoice)
    pairs = {field.name: (getattr(stored, field.name), getattr(entered, field.name)) for field in fields(DraftInput)}
    pairs["lines"] = ([_described(line) for line in stored.lines], [_described(line) for line in entered.lines])
    pairs["discounts"] = (list(stored.discounts), list(entered.discounts))
    pairs["taxes"] = (list(stored.taxes), list(entered.taxes))
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def draft_input(invoice: Invoice) -> DraftInput:
    """What would have to be entered to get this invoice again; needs lines, account and contact loaded."""
    return DraftInput(
        account=invoice.account,
        contact=invoice.contact,
        lines=[line_input(line) for line in invoice.lines],
        discounts=list(invoice.discounts),
        taxes=list(invoice.taxes),
        terms_days=invoice.terms_days,
        **{name: getattr(invoice, name) for name in _PLAIN},
    )


def line_input(line: InvoiceLine) -> LineInput:
    """What would have to be entered to get this line again."""
    return LineInput(
        id=line.id,
        description=line.description,
        quantity=line.quantity,
        unit=line.unit,
        unit_price=line.unit_price,
        product_id=line.product_id,
        discounts=tuple(line.discounts),
        taxes=tuple(line.taxes),
    )


def _write(invoice: Invoice, entered: DraftInput) -> None:
    for name in _PLAIN:
        setattr(invoice, name, getattr(entered, name))
    invoice.account = entered.account
    invoice.account_id = entered.account.id if entered.account else None
    invoice.contact = entered.contact
    invoice.contact_id = entered.contact.id if entered.contact else None
    invoice.discounts, invoice.taxes = list(entered.discounts), list(entered.taxes)
    invoice.terms_days = _terms_days(entered)
    _write_lines(invoice, entered.lines)
    totals = reckon(invoice, invoice.lines)
    invoice.balance_minor = totals.total_minor


def _write_lines(invoice: Invoice, entered: Sequence[LineInput]) -> None:
    """Rows keep their identity where the input names them, because billed deal lines refer to them."""
    stored = {line.id: line for line in invoice.lines}
    lines = []
    for position, line in enumerate(entered):
        row = (stored.pop(line.id, None) if line.id else None) or InvoiceLine()
        write_line(row, line, position=position)
        lines.append(row)
    invoice.lines = lines


def _terms_days(entered: DraftInput) -> int:
    if entered.terms_days is not None:
        return entered.terms_days
    if entered.account is not None and entered.account.terms_days is not None:
        return entered.account.terms_days
    return billing_settings().default_terms_days


def _require_sound(entered: DraftInput) -> None:
    """Pass when the input makes a draft; amounts are judged by ``catalog.amounts``."""
    if entered.account is not None and entered.account.deleted_at is not None:
        raise Invalid("This customer is in the Trash. Restore it or choose another one.", field="account")
    if entered.contact is not None:
        _require_contact_of(entered.contact, entered.account)
    if entered.terms_days is not None and not 0 <= entered.terms_days <= LONGEST_TERMS_DAYS:
        raise Invalid(f"Payment terms are between 0 and {LONGEST_TERMS_DAYS} days.", field="terms_days")
    if entered.invoice_on and entered.chosen_due_on and entered.chosen_due_on < entered.invoice_on:
        raise Invalid("The due date is before the invoice date.", field="chosen_due_on")
    if entered.manual_number is not None:
        require_usable_manual_number(entered.manual_number)


def _require_contact_of(contact: Contact, account: Account | None) -> None:
    if account is None or contact.account_id != account.id or contact.deleted_at is not None:
        raise Invalid("Choose a contact of this customer.", field="contact")


def _described(line: LineInput) -> tuple[Any, ...]:
    """What a person would notice about a line."""
    return (
        line.description,
        line.quantity,
        line.unit,
        line.unit_price,
        tuple(tuple(sorted(copy.items())) for copy in line.discounts),
        tuple(copy["key"] for copy in line.taxes),
    )
