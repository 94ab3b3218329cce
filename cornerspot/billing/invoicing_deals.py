"""Create Invoice on a deal: a draft for what is not billed yet, linked to the deal."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload, selectinload

from cornerspot.activity.recording import record
from cornerspot.billing.deal_billing import (
    AlreadyBilled,
    bill_deal_lines,
    line_to_bill,
    unbilled_lines,
)
from cornerspot.billing.deal_once import bill_value, split_discounts, taken_discounts, value_left
from cornerspot.billing.drafting import DraftInput, create_draft
from cornerspot.billing.models import Invoice
from cornerspot.billing.settings import billing_settings
from cornerspot.catalog.lines import LineInput
from cornerspot.crm.models import Deal
from cornerspot.db import session
from cornerspot.kit.errors import Conflict, NotFound
from cornerspot.kit.money import Money
from cornerspot.people.actors import Actor


def deal_to_bill(deal: Deal) -> DraftInput:
    """What Create Invoice starts with: the unbilled one-time lines, or the deal's value as one line.

    Needs lines, account and contact loaded. Recurring lines are billed by subscriptions.
    """
    unbilled = [part for part in unbilled_lines(deal) if not part.line.is_recurring]
    lines = [line_to_bill(part) for part in unbilled] if deal.lines else _value_as_lines(deal)
    discounts, _ = split_discounts(deal.discounts, taken_discounts(deal))
    settings = billing_settings()
    return DraftInput(
        account=deal.account,
        contact=deal.contact,
        currency=deal.currency,
        lines=lines,
        discounts=discounts,
        taxes=tuple(deal.taxes),
        prices_include_tax=deal.prices_include_tax,
        notes=settings.default_notes,
        terms_text=settings.default_terms_text,
    )


def draft_for_deal(deal: Deal, entered: DraftInput, *, by: Actor) -> Invoice:
    """A draft linked to the deal; lines whose ``id`` names a deal line bill it, once; flushed.

    Raises AlreadyBilled when another invoice took one of them meanwhile, MoreThanSold,
    and what ``create_draft`` raises.
    """
    deal = lock_deal_with_lines(deal)
    if deal.archived_at is not None:
        raise Conflict("This deal is archived. Restore it before invoicing it.")
    left = {part.line.id: part for part in unbilled_lines(deal)}
    known = {line.id for line in deal.lines}
    gone = [line for line in entered.lines if line.id in known and line.id not in left]
    if gone:
        raise AlreadyBilled(f"“{gone[0].description}” was billed meanwhile. Remove the line here.")
    invoice = create_draft(entered, by=by, deal=deal, origin="deal")
    billing = [(left[line.id], row) for line, row in zip(entered.lines, invoice.lines, strict=True) if line.id in left]
    bill_deal_lines(invoice, deal, [part for part, _ in billing], [row for _, row in billing])
    bill_value(invoice)
    record(deal, "invoice_created", by=by, invoice_id=invoice.id)
    return invoice


def _value_as_lines(deal: Deal) -> list[LineInput]:
    """One line with the deal's name and what is left of its value, or none."""
    left = value_left(deal)
    if left is None:
        return []
    return [LineInput(description=deal.name, quantity=Decimal(1), unit_price=Money(left, deal.currency).to_decimal())]


def deal_with_lines(deal_id: UUID) -> Deal:
    """The deal with lines, account, contact and stage; raises NotFound."""
    statement = _whole_deal(deal_id)
    deal = session.scalars(statement).one_or_none()
    if deal is None or deal.deleted_at is not None:
        raise NotFound()
    return deal


def lock_deal_with_lines(deal: Deal) -> Deal:
    """Hold the deal until the transaction ends, with its lines read anew; raises NotFound."""
    session.flush()  # Unflushed changes would be overwritten by the refresh.
    statement = _whole_deal(deal.id).with_for_update(of=Deal).execution_options(populate_existing=True)
    found = session.scalars(statement).one_or_none()
    if found is None or found.deleted_at is not None:
        raise NotFound("This deal was deleted.")
    return found


def _whole_deal(deal_id: UUID) -> Select[Deal]:
    return (
        select(Deal)
        .where(Deal.id == deal_id)
        .options(
            joinedload(Deal.account),
            joinedload(Deal.contact),
            joinedload(Deal.stage),
            selectinload(Deal.lines),
        )
    )
