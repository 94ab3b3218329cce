"""The Trash of invoices: drafts that were deleted and can still be restored."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from cornerspot.billing.deleting import KEPT_FOR
from cornerspot.billing.models import Invoice
from cornerspot.db.keyset import SortKey, keyset_page, moment_key
from cornerspot.kit import clock
from cornerspot.kit.paging import Page

PAGE_SIZE = 50
_LAST_DELETED = SortKey(Invoice.deleted_at, lambda invoice: invoice.deleted_at, moment_key, descending=True)


def trash_page(*, cursor: str | None = None, size: int = PAGE_SIZE) -> Page[Invoice]:
    """A page of deleted drafts with their customers, the last deleted first; what waits to be purged is left out."""
    statement = select(Invoice).where(Invoice.deleted_at >= clock.now() - KEPT_FOR).options(joinedload(Invoice.account))
    return keyset_page(statement, Invoice, _LAST_DELETED, cursor=cursor, size=size)
