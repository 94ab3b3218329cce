"""Duplicating: a fresh draft with the same customer, lines, taxes, discounts and texts."""

from __future__ import annotations

from dataclasses import replace

from cornerspot.activity.recording import record
from cornerspot.billing.drafting import create_draft, draft_input
from cornerspot.billing.finalizing import finalize_invoice
from cornerspot.billing.models import Invoice
from cornerspot.people.actors import Actor


def duplicate_invoice(invoice: Invoice, *, by: Actor, finalize: bool = False) -> Invoice:
    """A copy without number, dates, payments, activity or deal; final at once if asked; flushed.

    Needs the invoice's lines, account and contact loaded. Raises what ``create_draft``
    and ``finalize_invoice`` raise.
    """
    source = draft_input(invoice)
    account = source.account if source.account and source.account.deleted_at is None else None
    contact = source.contact
    if contact is not None and (account is None or contact.account_id != account.id or contact.deleted_at is not None):
        contact = None  # The person left or moved since; the copy must be one that can be saved.
    entered = replace(
        source,
        account=account,
        contact=contact,
        lines=[replace(line, id=None) for line in source.lines],
        manual_number=None,
        invoice_on=None,
        chosen_due_on=None,
    )
    copy = create_draft(entered, by=by, copied_from=invoice, origin="duplicate")
    record(invoice, "duplicated", by=by, copy_id=copy.id)
    return finalize_invoice(copy, by=by) if finalize else copy
