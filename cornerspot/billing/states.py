"""An invoice's life, to be seen at once. *Overdue* is computed, never stored."""

from __future__ import annotations

from enum import StrEnum

from cornerspot.kit.states import StateMachine


class InvoiceStatus(StrEnum):
    DRAFT = "draft"
    OPEN = "open"
    PARTIALLY_PAID = "partially_paid"
    PAID = "paid"
    VOID = "void"
    UNCOLLECTIBLE = "uncollectible"
    CANCELLED = "cancelled"


S = InvoiceStatus

FINALIZED = frozenset({S.OPEN, S.PARTIALLY_PAID, S.PAID, S.VOID, S.UNCOLLECTIBLE})
UNPAID = frozenset({S.OPEN, S.PARTIALLY_PAID})
PAYABLE = UNPAID | {S.UNCOLLECTIBLE}  # money that comes late after all is taken
WITHDRAWN = frozenset({S.VOID, S.CANCELLED})

ALREADY_FINAL = "This invoice is finalized. Void it and draft a copy to correct it."

INVOICE = StateMachine[InvoiceStatus](
    {
        S.DRAFT: {S.OPEN, S.PAID, S.CANCELLED},
        S.OPEN: {S.PARTIALLY_PAID, S.PAID, S.VOID, S.UNCOLLECTIBLE},
        S.PARTIALLY_PAID: {S.OPEN, S.PARTIALLY_PAID, S.PAID, S.VOID, S.UNCOLLECTIBLE},
        S.PAID: {S.PARTIALLY_PAID, S.OPEN},
        S.UNCOLLECTIBLE: {S.OPEN, S.PARTIALLY_PAID, S.PAID},
        S.VOID: set(),
        S.CANCELLED: set(),
    },
    refusals={
        (S.DRAFT, S.DRAFT): "This invoice is a draft already.",
        (S.DRAFT, S.PARTIALLY_PAID): "Finalize the invoice before recording a payment.",
        (S.DRAFT, S.VOID): "A draft has no number yet, so there is nothing to void. Cancel or delete it.",
        (S.DRAFT, S.UNCOLLECTIBLE): "Nobody owes anything on a draft. Cancel or delete it.",
        (S.OPEN, S.DRAFT): ALREADY_FINAL,
        (S.OPEN, S.OPEN): ALREADY_FINAL,
        (S.OPEN, S.CANCELLED): "A finalized invoice cannot be cancelled. Void it instead.",
        (S.PARTIALLY_PAID, S.DRAFT): ALREADY_FINAL,
        (S.PARTIALLY_PAID, S.CANCELLED): "A finalized invoice cannot be cancelled. Void it instead.",
        (S.PAID, S.DRAFT): ALREADY_FINAL,
        (S.PAID, S.PAID): "This invoice is already paid.",
        (S.PAID, S.CANCELLED): "A paid invoice cannot be cancelled.",
        (S.PAID, S.VOID): "A paid invoice cannot be voided. Undo its payment first.",
        (S.PAID, S.UNCOLLECTIBLE): "This invoice is paid, so there is nothing to write off.",
        (S.UNCOLLECTIBLE, S.DRAFT): ALREADY_FINAL,
        (S.UNCOLLECTIBLE, S.CANCELLED): "A finalized invoice cannot be cancelled. Reopen it, then void it.",
        (S.UNCOLLECTIBLE, S.VOID): "This invoice was written off. Reopen it, then void it.",
        (S.UNCOLLECTIBLE, S.UNCOLLECTIBLE): "This invoice is marked uncollectible already.",
        (S.VOID, S.DRAFT): "A void invoice stays void. Draft a copy instead.",
        (S.VOID, S.OPEN): "A void invoice stays void. Draft a copy instead.",
        (S.VOID, S.PARTIALLY_PAID): "This invoice is void; there is nothing to pay.",
        (S.VOID, S.PAID): "This invoice is void; there is nothing to pay.",
        (S.VOID, S.CANCELLED): "This invoice is void, which a finalized invoice is instead of cancelled.",
        (S.VOID, S.VOID): "This invoice is already void.",
        (S.VOID, S.UNCOLLECTIBLE): "Nothing is owed on a void invoice, so there is nothing to write off.",
        (S.CANCELLED, S.DRAFT): "A cancelled draft stays cancelled. Duplicate it instead.",
        (S.CANCELLED, S.OPEN): "A cancelled draft cannot be finalized. Duplicate it instead.",
        (S.CANCELLED, S.PARTIALLY_PAID): "This draft was cancelled; there is nothing to pay.",
        (S.CANCELLED, S.PAID): "This draft was cancelled; there is nothing to pay.",
        (S.CANCELLED, S.CANCELLED): "This draft is already cancelled.",
        (S.CANCELLED, S.VOID): "A cancelled draft never got a number, so there is nothing to void.",
        (S.CANCELLED, S.UNCOLLECTIBLE): "Nobody owes anything on a cancelled draft.",
    },
)
