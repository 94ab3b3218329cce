"""An invoice as its customer may see it: issued, with all that the page shows."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from cornerspot.billing.models import Invoice
from cornerspot.billing.states import FINALIZED
from cornerspot.db import session
from cornerspot.kit.errors import NotFound


def issued_invoice(account_id: UUID, invoice_id: UUID) -> Invoice:
    """The account's invoice with all that its page shows; raises NotFound, for a draft too."""
    found = session.scalars(
        select(Invoice)
        .where(Invoice.id == invoice_id, Invoice.account_id == account_id, Invoice.status.in_(FINALIZED))
        .options(
            joinedload(Invoice.account),
            joinedload(Invoice.contact),
            selectinload(Invoice.lines),
            selectinload(Invoice.tax_rows),
        )
    ).one_or_none()
    if found is None:
        raise NotFound()
    return found
