"""What happened to invoices and payments, told to other packages."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class InvoiceFinalized:
    """An invoice got its number; the PDF can be rendered."""

    invoice_id: UUID


@dataclass(frozen=True)
class PaymentSettled:
    """Money that came online is there; the customer gets a receipt."""

    payment_id: UUID


@dataclass(frozen=True)
class PaymentFailed:
    """A payment that was under way failed; both sides are told, and the invoice can be paid again."""

    payment_id: UUID
