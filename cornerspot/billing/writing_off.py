"""Writing off: an overdue invoice that nobody expects to be paid is kept as bad debt, and can be reopened."""

from __future__ import annotations

from cornerspot.activity.recording import record
from cornerspot.billing.locking import lock_invoice
from cornerspot.billing.models import Invoice
from cornerspot.billing.online.attempts import close_live_attempts
from cornerspot.billing.states import INVOICE, InvoiceStatus
from cornerspot.billing.transitions import note_transition
from cornerspot.db import session
from cornerspot.kit.errors import Conflict, Invalid
from cornerspot.people.actors import Actor
from cornerspot.people.permissions import Permission
from cornerspot.plans.entitlements import require_feature
from cornerspot.plans.features import Feature
from cornerspot.tenancy import team_today

S = InvoiceStatus
NOT_OVERDUE = "This invoice is not overdue yet, so it may still be paid. Wait for its due date, or void it."
_NOTHING_TO_REOPEN = {
    S.DRAFT: "This invoice is a draft, so there is nothing to reopen.",
    S.OPEN: "This invoice is open already.",
    S.PARTIALLY_PAID: "This invoice is open already, and partially paid.",
    S.PAID: "This invoice is paid, so there is nothing to reopen.",
    S.VOID: "A void invoice stays void. Draft a copy instead.",
    S.CANCELLED: "A cancelled draft stays cancelled. Duplicate it instead.",
}


def write_off_invoice(invoice: Invoice, *, reason: str, by: Actor) -> None:
    """The overdue invoice is uncollectible: nobody asks for its balance any more; flushed.

    Its deal's lines stay billed, because what was sold was delivered. Raises
    IllegalTransition, Conflict before it is overdue, Invalid without a reason,
    PermissionDenied, FeatureMissing.
    """
    by.require(Permission.VOID_INVOICES)
    require_feature(Feature.BILLING)
    lock_invoice(invoice)
    before = invoice.status
    INVOICE.require(S(before), S.UNCOLLECTIBLE)
    if not invoice.is_overdue(team_today()):
        raise Conflict(NOT_OVERDUE)
    if not reason.strip():
        raise Invalid("Say why nobody will pay it; it stays on record.", field="reason")
    invoice.write_off()
    close_live_attempts(invoice)
    note_transition(invoice, before, by=by, reason=reason.strip())
    record(
        invoice,
        "written_off",
        by=by,
        reason=reason.strip(),
        amount_minor=invoice.balance_minor,
        currency=invoice.currency,
    )
    session.flush()


def reopen_invoice(invoice: Invoice, *, by: Actor, reason: str = "") -> None:
    """The uncollectible invoice is owed again, open or partially paid as before; flushed.

    Raises Conflict for any other invoice, PermissionDenied, FeatureMissing.
    """
    by.require(Permission.VOID_INVOICES)
    require_feature(Feature.BILLING)
    lock_invoice(invoice)
    before = invoice.status
    if before != S.UNCOLLECTIBLE:
        raise Conflict(_NOTHING_TO_REOPEN[S(before)])
    invoice.reopen()
    note_transition(invoice, before, by=by, reason=reason.strip())
    record(invoice, "reopened", by=by, reason=reason.strip())
    session.flush()
