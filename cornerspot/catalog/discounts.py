"""Discounts that are given again and again, kept as copies on the documents that use them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from cornerspot.activity.recording import record
from cornerspot.catalog.amounts import PERCENT_PLACES
from cornerspot.catalog.models import Discount
from cornerspot.db import session
from cornerspot.db.locks import lock
from cornerspot.db.versions import bump, require_version
from cornerspot.kit.currency import exponent
from cornerspot.kit.errors import Invalid
from cornerspot.kit.money import LARGEST_MINOR
from cornerspot.people.actors import Actor
from cornerspot.people.permissions import Permission


@dataclass(frozen=True)
class DiscountInput:
    """A discount as it was entered: a percentage, or an amount in minor units of a currency."""

    name: str
    percent: Decimal | None = None
    amount_minor: int | None = None
    currency: str | None = None


def create_discount(entered: DiscountInput, *, by: Actor) -> Discount:
    """The team has this discount; raises Invalid when it is worth nothing or too much."""
    by.require(Permission.EDIT_CATALOG)
    _require_sound(entered)
    discount = Discount(**asdict(entered))
    session.add(discount)
    record(discount, "created", by=by, name=discount.name)
    return discount


def update_discount(discount: Discount, entered: DiscountInput, *, by: Actor, seen: int | None = None) -> None:
    """The discount says what was entered; documents keep their copies. Raises StaleVersion, Invalid."""
    by.require(Permission.EDIT_CATALOG)
    lock(discount)
    require_version(discount, seen, asdict(entered))
    _require_sound(entered)
    for field, value in asdict(entered).items():
        setattr(discount, field, value)
    bump(discount)
    record(discount, "edited", by=by)


def switch_discount(discount: Discount, *, active: bool, by: Actor) -> None:
    """The discount is offered on documents, or no longer is; doing it twice is harmless."""
    by.require(Permission.EDIT_CATALOG)
    lock(discount)
    if discount.is_active != active:
        discount.is_active = active
        bump(discount)
        record(discount, "restored" if active else "archived", by=by)


def discounts(*, active_only: bool = False, currency: str | None = None) -> list[Discount]:
    """The team's discounts, those in use first, then by name; amounts only in ``currency`` when given."""
    statement = select(Discount).order_by(Discount.is_active.desc(), Discount.name)
    if active_only:
        statement = statement.where(Discount.is_active)
    if currency is not None:
        statement = statement.where(Discount.currency.is_(None) | (Discount.currency == currency))
    return list(session.scalars(statement))


def known_discounts(ids: Iterable[UUID]) -> list[Discount]:
    """The team's discounts with these ids; raises Invalid when one is not there."""
    wanted = set(ids)
    found = list(session.scalars(select(Discount).where(Discount.id.in_(wanted)))) if wanted else []
    if len(found) != len(wanted):
        raise Invalid("Choose discounts from the list.", field="discount_ids")
    return found


def _require_sound(entered: DiscountInput) -> None:
    if not entered.name.strip():
        raise Invalid("Enter a name, such as Early bird.", field="name")
    if (entered.percent is None) == (entered.amount_minor is None):
        raise Invalid("Enter a percentage or an amount.", field="percent")
    if entered.percent is not None:
        if not entered.percent.is_finite() or not 0 < entered.percent <= 100:
            raise Invalid("Enter a percentage above 0 and up to 100.", field="percent")
        if entered.percent != round(entered.percent, PERCENT_PLACES):
            raise Invalid(f"Use at most {PERCENT_PLACES} decimals.", field="percent")
    if entered.amount_minor is not None:
        exponent(entered.currency or "")
        if not 0 < entered.amount_minor <= LARGEST_MINOR:
            raise Invalid("Enter an amount above zero.", field="amount")
