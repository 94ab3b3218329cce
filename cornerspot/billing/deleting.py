"""Deleting drafts: into the Trash, back within 30 days, or gone."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from cornerspot.activity.recording import record
from cornerspot.billing.deal_billing import reclaim_deal_lines, release_deal_lines
from cornerspot.billing.deal_once import bill_value, require_discounts_left
from cornerspot.billing.locking import lock_invoice
from cornerspot.billing.models import Invoice
from cornerspot.billing.states import InvoiceStatus
from cornerspot.db import session
from cornerspot.kit import clock
from cornerspot.kit.errors import Conflict, NotFound
from cornerspot.people.actors import Actor
from cornerspot.people.permissions import Permission
from cornerspot.plans.entitlements import require_feature
from cornerspot.plans.features import Feature

KEPT_FOR = timedelta(days=30)


def delete_invoice(invoice: Invoice, *, by: Actor) -> None:
    """The draft is in the Trash, and its deal's lines can be billed again; again is harmless.

    Raises Conflict for a finalized invoice: it is voided, never deleted.
    """
    by.require(Permission.CREATE_INVOICES)
    lock_invoice(invoice, deal_first=True, trashed=True)
    if invoice.is_finalized:
        raise Conflict("A finalized invoice cannot be deleted. Void it instead; it stays on record.")
    if invoice.deleted_at is None:
        invoice.deleted_at = clock.now()
        release_deal_lines(invoice)
        record(invoice, "deleted", by=by)
        session.flush()


def restore_invoice(invoice: Invoice, *, by: Actor) -> None:
    """The draft is back from the Trash and bills its deal's lines again; flushed.

    Raises NotFound after 30 days, AlreadyBilled when another invoice bills the lines, or gave the discounts, meanwhile.
    """
    by.require(Permission.CREATE_INVOICES)
    require_feature(Feature.BILLING)
    lock_invoice(invoice, deal_first=True, trashed=True)
    if invoice.deleted_at is None:
        return
    if invoice.deleted_at < clock.now() - KEPT_FOR:
        raise NotFound("This invoice was in the Trash for more than 30 days.")
    if invoice.status == InvoiceStatus.DRAFT:
        reclaim_deal_lines(invoice)
        if invoice.deal_id is not None:
            require_discounts_left(invoice)
            bill_value(invoice)
    invoice.deleted_at = None
    record(invoice, "restored", by=by)
    session.flush()


def purge_deleted_invoices() -> int:
    """Drafts that were in the Trash for 30 days are gone; returns how many.

    One that something still refers to stays in the Trash.
    """
    due = session.scalars(select(Invoice).where(Invoice.deleted_at < clock.now() - KEPT_FOR).order_by(Invoice.id)).all()
    return sum(_purge(invoice) for invoice in due)


def _purge(invoice: Invoice) -> bool:
    try:
        with session.begin_nested():
            session.execute(update(Invoice).where(Invoice.copied_from_id == invoice.id).values(copied_from_id=None))
            session.delete(lock_invoice(invoice, trashed=True))
            session.flush()
    except IntegrityError:
        return False
    return True
