"""What a conversion would bill, and what stands in its way: pure, so that it can be shown, kept and compared.

A line of the deal is billed for the quantity that no live invoice bills yet. What
holds for the deal as a whole is given once: a fixed discount of the deal goes with
the first invoice and not again with a later one, while a percentage applies to every
invoice alike; where the first invoice could not bear all of it, the next one gets the
rest. Once an invoice is void, cancelled or deleted, its lines and its fixed discounts
are free again. Recurring lines are counted and shown, and stay on
the deal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from cornerspot.billing.deal_billing import BilledLine, UnbilledLine, line_to_bill
from cornerspot.billing.deal_once import split_discounts
from cornerspot.catalog.amounts import LineTotals, Totals
from cornerspot.catalog.lines import Copy, LineInput, document_totals
from cornerspot.crm.models import Deal, StageClass
from cornerspot.kit.errors import Conflict


@dataclass(frozen=True)
class SoldIn:
    """A product's name and the currency of its price."""

    name: str
    currency: str


@dataclass(frozen=True)
class ConversionPlan:
    """What would be billed now. Amounts in minor units of ``currency``.

    ``lines`` are billed one-time lines (their ``id`` is that of the deal line) and
    ``parts`` what each of them is of its deal line. ``discounts`` are those of the deal
    that apply to this invoice, ``given_before`` its fixed ones that an earlier invoice has.
    ``refusals`` are the sentences that stand in the way, the most fundamental first.
    """

    deal_id: UUID
    account_id: UUID | None
    account_name: str
    currency: str
    prices_include_tax: bool
    discounts: tuple[Copy, ...]
    given_before: tuple[Copy, ...]
    taxes: tuple[Copy, ...]
    lines: tuple[LineInput, ...]
    parts: tuple[UnbilledLine, ...]
    recurring: tuple[LineInput, ...]
    billed: tuple[BilledLine, ...]
    totals: Totals
    deal_total_minor: int
    refusals: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether this one invoice bills all of the deal."""
        return not (self.recurring or self.billed)

    @property
    def rows(self) -> list[tuple[LineInput, LineTotals]]:
        """The lines with their amounts."""
        return list(zip(self.lines, self.totals.lines, strict=True))

    def require_possible(self) -> None:
        """Pass when it can be run; raises Conflict with the first sentence that stands in the way."""
        if self.refusals:
            raise Conflict(self.refusals[0])


def plan_conversion(
    deal: Deal,
    unbilled: Sequence[UnbilledLine],
    billed: Sequence[BilledLine] = (),
    *,
    taken: Mapping[str, int] | None = None,
    products: Mapping[UUID, SoldIn] | None = None,
) -> ConversionPlan:
    """What converting the deal would bill now; the deal comes with stage, account and lines loaded.

    ``taken`` is what its live invoices had of its fixed discounts, by key; ``products``
    names the products of its lines with their currencies.
    """
    parts = tuple(part for part in unbilled if not part.line.is_recurring)
    lines = tuple(line_to_bill(part) for part in parts)
    discounts, given_before = split_discounts(deal.discounts, taken or {})
    totals = document_totals(
        currency=deal.currency,
        prices_include_tax=deal.prices_include_tax,
        discounts=discounts,
        taxes=deal.taxes,
        lines=lines,
    )
    return ConversionPlan(
        deal_id=deal.id,
        account_id=deal.account_id,
        account_name=deal.account.name if deal.account else "",
        currency=deal.currency,
        prices_include_tax=deal.prices_include_tax,
        discounts=discounts,
        given_before=given_before,
        taxes=tuple(deal.taxes),
        lines=lines,
        parts=parts,
        recurring=tuple(line_to_bill(part) for part in unbilled if part.line.is_recurring),
        billed=tuple(billed),
        totals=totals,
        deal_total_minor=deal.total_minor,
        refusals=tuple(_refusals(deal, unbilled, totals, products or {})),
    )


def _refusals(
    deal: Deal, unbilled: Sequence[UnbilledLine], totals: Totals, products: Mapping[UUID, SoldIn]
) -> list[str]:
    found = []
    if deal.archived_at or deal.deleted_at:
        found.append("This deal is archived or in the Trash. Restore it, then convert it.")
    if deal.stage.stage_class != StageClass.WON:
        found.append(f"This deal is in “{deal.stage.name}”, which is not a won stage. Mark it won, then convert it.")
    if deal.account is None or deal.account.deleted_at:
        found.append("This deal has no account to invoice. Choose one on the deal, then convert it.")
    found += _line_refusals(deal, unbilled)
    found += _currency_refusals(deal, unbilled, products)
    if totals.is_negative:
        found.append("The lines to bill come to less than zero, which no invoice can. Change the lines of the deal.")
    return found


def _line_refusals(deal: Deal, unbilled: Sequence[UnbilledLine]) -> list[str]:
    if not deal.lines:
        return ["This deal has no lines. Add what was sold on the deal, then convert it."]
    if not unbilled:
        return ["Every line of this deal is billed already. Add a line to the deal to bill more."]
    if all(part.line.is_recurring for part in unbilled):
        return ["Only recurring lines are left. They wait on the deal until subscriptions can be set up."]
    return []


def _currency_refusals(deal: Deal, unbilled: Sequence[UnbilledLine], products: Mapping[UUID, SoldIn]) -> list[str]:
    ids = (part.line.product_id for part in unbilled)
    sold = (products[id_] for id_ in ids if id_ is not None and id_ in products)
    other = {product for product in sold if product.currency != deal.currency}
    return [
        f"The deal is in {deal.currency}, but {product.name} is sold in {product.currency}."
        " An invoice has one currency: change that line or the currency of the deal."
        for product in sorted(other, key=lambda product: product.name)
    ]
