"""What happened to invoices and payments, told to other packages."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class InvoiceFinalized:
    """An invoice got its number; the PDF can be rendered."""

    invoice_id: UUID
