"""What holds for a deal as a whole and is billed once: its fixed discounts, and a value without lines.

A percentage applies to every invoice alike. A fixed amount is given once in all: each
invoice takes what its lines can bear, and the next one gets the rest. Once an invoice
is void, cancelled or deleted, what it had taken is free again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import selectinload

from cornerspot.billing.deal_billing import AlreadyBilled, is_fixed
from cornerspot.billing.models import BilledDealLine, Invoice
from cornerspot.billing.states import InvoiceStatus
from cornerspot.catalog.lines import Copy, totals_of
from cornerspot.crm.models import Deal, DealLine
from cornerspot.db import session


def taken_discounts(deal: Deal) -> Mapping[str, int]:
    """How much of each fixed discount the deal's live invoices took, in minor units, by its key.

    Needs ``deal.lines`` loaded. An invoice for the deal with none of its lines does not
    count, unless the deal has no lines.
    """
    taken: defaultdict[str, int] = defaultdict(int)
    if any(is_fixed(copy) for copy in deal.discounts):
        statement = _live(select(Invoice), deal).options(selectinload(Invoice.lines))
        if deal.lines:
            bills = (BilledDealLine.deal_id == deal.id) & BilledDealLine.released_at.is_(None)
            statement = statement.where(Invoice.id.in_(select(BilledDealLine.invoice_id).where(bills)))
        for invoice in session.scalars(statement.execution_options(populate_existing=True)):
            given = totals_of(invoice, invoice.lines).document_discounts
            for copy, discount in zip(invoice.discounts, given, strict=True):
                if is_fixed(copy):
                    taken[_key(copy)] += discount.amount_minor
    return taken


def split_discounts(discounts: Iterable[Copy], taken: Mapping[str, int]) -> tuple[tuple[Copy, ...], tuple[Copy, ...]]:
    """The deal's discounts that apply to its next invoice, and the fixed ones that were given in full."""
    spent = dict(taken)
    kept, given = [], []
    for copy in discounts:
        used = min(copy["amount_minor"], spent.get(_key(copy), 0)) if is_fixed(copy) else 0
        if used:
            spent[_key(copy)] -= used
        if used and used == copy["amount_minor"]:
            given.append(copy)
        else:
            kept.append(copy | {"amount_minor": copy["amount_minor"] - used} if used else copy)
    return tuple(kept), tuple(given)


def require_discounts_left(invoice: Invoice) -> None:
    """Pass when no other invoice gave meanwhile what a draft from the Trash takes of its deal's fixed discounts.

    Call it under the deal's lock, while the draft does not count yet; needs its lines loaded. Raises AlreadyBilled.
    """
    fixed = [copy for copy in invoice.discounts if is_fixed(copy)]
    if not fixed:
        return
    deal = session.scalars(select(Deal).where(Deal.id == invoice.deal_id).options(selectinload(Deal.lines))).one()
    taken, left = taken_discounts(deal), dict.fromkeys(map(_key, fixed), 0)
    for copy in split_discounts(deal.discounts, taken)[0]:
        if is_fixed(copy):
            left[_key(copy)] = left.get(_key(copy), 0) + copy["amount_minor"]
    given = totals_of(invoice, invoice.lines).document_discounts
    for copy, discount in zip(invoice.discounts, given, strict=True):
        if is_fixed(copy) and taken.get(_key(copy)) and discount.amount_minor > left[_key(copy)]:
            raise AlreadyBilled(
                f"“{copy['name']}” was given on another invoice of this deal meanwhile. Void, cancel or delete that"
                " invoice first, or create a new one."
            )


def value_left(deal: Deal) -> int | None:
    """What is left to bill of a value without lines, in minor units; None when all of it is billed."""
    billed = session.scalars(_live(select(func.sum(Invoice.subtotal_minor)), deal)).one()
    if billed is None:
        return deal.value_minor
    left = deal.value_minor - int(billed)
    return left if left > 0 else None


def bill_value(invoice: Invoice) -> None:
    """The invoice bills a part of its deal's value of its own, where the deal has no lines; flushed.

    The first invoice may differ from the value, which is an estimate; further ones stay
    within it. Call it under the deal's lock, for an invoice that is flushed, so that two
    never ask for the same part: a unique over live invoices lets only one have it. Raises
    AlreadyBilled.
    """
    deal = session.scalars(select(Deal).where(Deal.id == invoice.deal_id)).one()
    if session.scalar(select(exists().where(DealLine.deal_id == deal.id, DealLine.tenant_id == deal.tenant_id))):
        invoice.value_part = None
        return
    statement = _live(select(Invoice), deal).where(Invoice.id != invoice.id)
    others = session.scalars(statement.execution_options(populate_existing=True)).all()
    billed = sum(other.subtotal_minor for other in others)
    if others and billed + invoice.subtotal_minor > deal.value_minor:
        name = others[-1].number or "a draft invoice"
        raise AlreadyBilled(
            f"The value of this deal is already billed on {name}. Void, cancel or delete that invoice to bill it"
            " again, or give the deal a higher value to bill more."
        )
    taken = {other.value_part for other in others}
    invoice.value_part = next(part for part in range(len(taken) + 1) if part not in taken)
    session.flush()


def _live(statement: Select[Any], deal: Deal) -> Select[Any]:
    """The statement about invoices, of those that were made for the deal and still count."""
    dead = (InvoiceStatus.VOID, InvoiceStatus.CANCELLED)
    return statement.where(Invoice.deal_id == deal.id, Invoice.deleted_at.is_(None), Invoice.status.not_in(dead))


def _key(copy: Copy) -> str:
    """What makes a discount the same one: its row in the catalog, or the name it was typed in with."""
    return str(copy["key"] or copy["name"])
