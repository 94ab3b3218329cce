"""Locking an invoice, and its deal before it where lines are billed or released."""

from __future__ import annotations

from sqlalchemy import bindparam, select
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.attributes import set_committed_value

from cornerspot.billing.models import Invoice, InvoiceLine
from cornerspot.crm.models import Deal
from cornerspot.db import session
from cornerspot.kit.errors import NotFound

# Made once: every step on an invoice begins with them.
_INVOICE = (
    select(Invoice)
    .where(Invoice.id == bindparam("invoice_id"))
    .options(joinedload(Invoice.account), joinedload(Invoice.contact))
    .with_for_update(of=Invoice)
    .execution_options(populate_existing=True)
)
_LINES = (
    select(InvoiceLine)
    .where(InvoiceLine.invoice_id == bindparam("invoice_id"))
    .order_by(InvoiceLine.position)
    .execution_options(populate_existing=True)
)


def lock_invoice(invoice: Invoice, *, deal_first: bool = False, trashed: bool = False) -> Invoice:
    """Hold the invoice until the transaction ends, with its lines, account and contact read anew.

    ``deal_first`` for steps that bill or release lines of its deal. Raises
    NotFound when it was deleted, or is in the Trash without ``trashed``.
    """
    if deal_first and invoice.deal_id is not None:
        _lock_deal(invoice)
    session.flush()  # Unflushed changes would be overwritten by the refresh.
    this = {"invoice_id": invoice.id}
    found = session.scalars(_INVOICE, this).one_or_none()
    if found is None or (found.deleted_at is not None and not trashed):
        raise NotFound("This invoice was deleted.")
    set_committed_value(found, "lines", list(session.scalars(_LINES, this)))
    return found


def _lock_deal(invoice: Invoice) -> None:
    """Hold the deal, without reading it; which one it is never changes after the draft was made."""
    session.execute(select(Deal.id).where(Deal.id == invoice.deal_id).with_for_update())
