"""Which lines of a deal are billed, by which invoice, and what is left.

A deal line is billed at most once: the database holds a unique over its live
parts. Callers hold the deal's lock while they bill or claim, so that the second
of two people reads what the first one wrote instead of running into that unique.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from cornerspot.billing.models import BilledDealLine, Invoice, InvoiceLine
from cornerspot.catalog.lines import Copy, LineInput
from cornerspot.crm.line_guards import register_line_guard
from cornerspot.crm.models import Deal, DealLine
from cornerspot.db import session
from cornerspot.kit import clock, ids
from cornerspot.kit.errors import Conflict
from cornerspot.tenancy import current_tenant_id


class AlreadyBilled(Conflict):
    """A line of the deal stands on another invoice already."""


class MoreThanSold(Conflict):
    """An invoice would bill more of a line than the deal has left."""


@dataclass(frozen=True)
class UnbilledLine:
    """What is left to bill of a deal line. ``part`` counts how often it was billed before."""

    line: DealLine
    quantity: Decimal
    part: int

    @property
    def is_whole(self) -> bool:
        """Whether nothing of the line is billed yet."""
        return self.quantity == self.line.quantity


@dataclass(frozen=True)
class BilledLine:
    """A deal line, or a part of it, that an invoice bills."""

    line: DealLine
    invoice: Invoice
    quantity: Decimal
    reduced: bool  # the deal now has less of the line than all invoices together bill


def unbilled_lines(deal: Deal) -> list[UnbilledLine]:
    """The lines, or added quantities, that no live invoice bills; in the deal's order.

    Needs ``deal.lines`` loaded. For a decision, call it under the deal's lock.
    """
    billed = _live_by_line(deal)
    found = []
    for line in deal.lines:
        rows = billed.get(line.id, [])
        left = line.quantity - sum((row.quantity for row in rows), Decimal(0))
        if not rows or (left and (left > 0) == (line.quantity > 0)):
            found.append(UnbilledLine(line, left, _free_part(rows)))
    return found


def billed_lines(deal: Deal) -> list[BilledLine]:
    """What live invoices bill of the deal, in its order; needs ``deal.lines`` loaded."""
    statement = (
        select(BilledDealLine, Invoice)
        .join(Invoice, Invoice.id == BilledDealLine.invoice_id)
        .where(BilledDealLine.deal_id == deal.id, BilledDealLine.released_at.is_(None))
    )
    by_line: dict[UUID, list[tuple[BilledDealLine, Invoice]]] = defaultdict(list)
    for row, invoice in session.execute(statement):
        by_line[row.deal_line_id].append((row, invoice))
    found = []
    for line in deal.lines:
        rows = sorted(by_line.get(line.id, []), key=lambda pair: pair[0].part)
        left = line.quantity - sum((row.quantity for row, _ in rows), Decimal(0))
        reduced = bool(left) and (left > 0) != (line.quantity > 0)
        found += [BilledLine(line, invoice, row.quantity, reduced) for row, invoice in rows]
    return found


def has_unbilled_lines(deal: Deal) -> bool:
    """Whether something of the deal is left to bill; needs ``deal.lines`` loaded."""
    return bool(unbilled_lines(deal))


def line_to_bill(unbilled: UnbilledLine) -> LineInput:
    """The invoice line for what is left; ``id`` names the deal line.

    A fixed discount was given with the first part, so later parts do not repeat it.
    """
    line = unbilled.line
    return LineInput(
        id=line.id,
        description=line.description,
        quantity=unbilled.quantity,
        unit=line.unit,
        unit_price=line.unit_price,
        product_id=line.product_id,
        discounts=tuple(_discounts_left(line.discounts, is_first=unbilled.part == 0)),
        taxes=tuple(line.taxes),
        frequency=line.frequency,
        term_months=line.term_months,
    )


def is_fixed(copy: Copy) -> bool:
    """Whether a discount is an amount, which is given once, and not a percentage."""
    return copy.get("percent") is None


_TABLE = BilledDealLine.__table__
_BILL = insert(_TABLE).on_conflict_do_nothing().returning(_TABLE.c.id)  # type: ignore[arg-type]


def bill_deal_lines(
    invoice: Invoice,
    deal: Deal,
    unbilled: Sequence[UnbilledLine],
    invoice_lines: Sequence[InvoiceLine],
) -> None:
    """Each deal line is billed by the invoice line at the same place; flushed.

    Call it under the deal's lock. Raises AlreadyBilled when another invoice bills one of
    them, MoreThanSold when an invoice line has a larger quantity than is left.
    """
    for part, line in zip(unbilled, invoice_lines, strict=True):
        _require_left(part.line, line.quantity, part.quantity)
    session.flush()  # The rows refer to the invoice's lines.
    rows = [
        {
            "tenant_id": current_tenant_id(),
            "id": ids.new_id(),
            "created_at": clock.now(),
            "deal_id": deal.id,
            "deal_line_id": part.line.id,
            "invoice_id": invoice.id,
            "invoice_line_id": line.id,
            "part": part.part,
            "quantity": line.quantity,
        }
        for part, line in zip(unbilled, invoice_lines, strict=True)
    ]
    if rows:
        # A conflict inserts nothing instead of failing, so that the refusal can name the other invoice.
        inserted = session.connection().execute(_BILL, rows).all()
        if len(inserted) < len(rows):
            raise AlreadyBilled(_sentence(_live_invoice([part.line.id for part in unbilled], but=invoice)))


def follow_invoice_lines(invoice: Invoice) -> None:
    """Billed quantities are those of the draft's lines; a removed line bills nothing any more.

    Call it under the deal's lock, after the lines were written. Raises MoreThanSold.
    """
    session.flush()  # Removed lines take their rows with them (ON DELETE CASCADE).
    quantities = {line.id: line.quantity for line in invoice.lines}
    for row in _live_of(invoice):
        wanted = quantities.get(row.invoice_line_id, row.quantity)
        if not _is_within(wanted, row.quantity):  # Less is always fine, also on a deal that was reduced.
            line = session.scalars(select(DealLine).where(DealLine.id == row.deal_line_id)).one()
            _require_left(line, wanted, line.quantity - _quantity_of(_others_of_line(row)))
        row.quantity = wanted


def release_deal_lines(invoice: Invoice) -> int:
    """The deal's lines can be billed again; returns how many were released."""
    result = session.execute(
        update(BilledDealLine)
        .where(BilledDealLine.invoice_id == invoice.id, BilledDealLine.released_at.is_(None))
        .values(released_at=clock.now())
    )
    return int(getattr(result, "rowcount", 0))


def reclaim_deal_lines(invoice: Invoice) -> None:
    """An invoice that comes back from the Trash bills its lines again, as the next part where another took theirs.

    Flushed; call it under the deal's lock. Raises AlreadyBilled when they went to another invoice
    meanwhile, or a fixed discount on them did.
    """
    released = session.scalars(
        select(BilledDealLine)
        .where(BilledDealLine.invoice_id == invoice.id)
        .options(joinedload(BilledDealLine.deal_line))
    ).all()
    for row in released:
        others = _others_of_line(row)
        is_taken = any(other.part == row.part for other in others)
        # The first part gives the line's fixed discount, which whoever took it has given meanwhile.
        is_given = is_taken and row.part == 0 and any(map(is_fixed, row.deal_line.discounts))
        if is_given or not _is_within(row.quantity, row.deal_line.quantity - _quantity_of(others)):
            raise AlreadyBilled(_sentence(_live_invoice([row.deal_line_id], but=invoice)))
        row.part = _free_part(others) if is_taken else row.part
        row.released_at = None
    try:
        session.flush()
    except IntegrityError as error:  # The unique over live parts is the last word.
        raise AlreadyBilled(_sentence(None)) from error


@register_line_guard
def keep_billed_lines(lines: Sequence[DealLine]) -> None:
    """Pass when no live invoice bills these deal lines, and forget those that did; raises Conflict otherwise.

    For the deal's form, before it deletes lines.
    """
    line_ids = [line.id for line in lines]
    billed_by = _live_invoice(line_ids)
    if billed_by is not None:
        name = billed_by.number or "a draft invoice"
        raise Conflict(f"A line that was removed is billed on {name}. Put it back, or void that invoice first.")
    session.execute(delete(BilledDealLine).where(BilledDealLine.deal_line_id.in_(line_ids)))


def _live_invoice(deal_line_ids: Sequence[UUID], *, but: Invoice | None = None) -> Invoice | None:
    """An invoice that bills one of these deal lines now."""
    if not deal_line_ids:
        return None
    statement = (
        select(Invoice)
        .join(BilledDealLine, BilledDealLine.invoice_id == Invoice.id)
        .where(BilledDealLine.deal_line_id.in_(deal_line_ids), BilledDealLine.released_at.is_(None))
        .limit(1)
    )
    return session.scalars(statement.where(Invoice.id != but.id) if but else statement).first()


def _sentence(invoice: Invoice | None) -> str:
    if invoice is None:
        return "A line of this deal was billed a moment ago. Reload the deal to see the invoice."
    name = invoice.number or "a draft invoice"
    return f"A line of this deal is already billed on {name}. Void, cancel or delete that invoice to bill it again."


def _is_within(quantity: Decimal, left: Decimal) -> bool:
    """Whether the quantity is nothing or a part of what is left, credits included."""
    return not quantity or ((quantity > 0) == (left > 0) and abs(quantity) <= abs(left))


def _require_left(line: DealLine, wanted: Decimal, left: Decimal) -> None:
    if not _is_within(wanted, left):
        left = left if (left > 0) == (line.quantity > 0) else Decimal(0)
        raise MoreThanSold(
            f"The deal has only {left.normalize():f} of “{line.description}” left to bill."
            " Lower the quantity, or change the deal first."
        )


def _others_of_line(row: BilledDealLine) -> Sequence[BilledDealLine]:
    """The other live rows of the row's deal line, as they are in the database."""
    statement = select(BilledDealLine).where(
        BilledDealLine.deal_line_id == row.deal_line_id,
        BilledDealLine.released_at.is_(None),
        BilledDealLine.id != row.id,
    )
    return session.scalars(statement).all()


def _quantity_of(rows: Sequence[BilledDealLine]) -> Decimal:
    return sum((row.quantity for row in rows), Decimal(0))


def _discounts_left(discounts: Sequence[Copy], *, is_first: bool) -> list[Copy]:
    return [copy for copy in discounts if is_first or not is_fixed(copy)]


def _free_part(rows: Sequence[BilledDealLine]) -> int:
    """The smallest part that no live row has."""
    taken = {row.part for row in rows}
    return next(part for part in range(len(taken) + 1) if part not in taken)


_LIVE = (
    select(BilledDealLine)
    .where(BilledDealLine.deal_id == bindparam("deal_id"), BilledDealLine.released_at.is_(None))
    .execution_options(populate_existing=True)
)


def _live_by_line(deal: Deal) -> dict[UUID, list[BilledDealLine]]:
    found: dict[UUID, list[BilledDealLine]] = defaultdict(list)
    for row in session.scalars(_LIVE, {"deal_id": deal.id}):
        found[row.deal_line_id].append(row)
    return found


def _live_of(invoice: Invoice) -> Sequence[BilledDealLine]:
    return session.scalars(
        select(BilledDealLine).where(BilledDealLine.invoice_id == invoice.id, BilledDealLine.released_at.is_(None))
    ).all()
