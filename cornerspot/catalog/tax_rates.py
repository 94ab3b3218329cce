"""Tax rates: the taxes a team charges, kept as copies on the documents that use them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select

from cornerspot.activity.recording import record
from cornerspot.catalog.amounts import PERCENT_PLACES
from cornerspot.catalog.models import TaxRate
from cornerspot.db import session
from cornerspot.db.locks import lock
from cornerspot.db.versions import bump, require_version
from cornerspot.kit.errors import Invalid
from cornerspot.people.actors import Actor
from cornerspot.people.permissions import Permission


@dataclass(frozen=True)
class TaxRateInput:
    """A tax rate as it was entered; ``percent`` is 19 for 19 %."""

    name: str
    percent: Decimal
    region: str = ""
    description: str = ""


def create_tax_rate(entered: TaxRateInput, *, by: Actor) -> TaxRate:
    """The team has this rate; raises Invalid for a taken name or a percent out of range."""
    by.require(Permission.EDIT_CATALOG)
    _require_sound(entered, but=None)
    rate = TaxRate(**asdict(entered))
    session.add(rate)
    record(rate, "created", by=by, name=rate.name)
    return rate


def update_tax_rate(rate: TaxRate, entered: TaxRateInput, *, by: Actor, seen: int | None = None) -> None:
    """The rate says what was entered; documents keep their copies. Raises StaleVersion, Invalid."""
    by.require(Permission.EDIT_CATALOG)
    lock(rate)
    require_version(rate, seen, asdict(entered))
    _require_sound(entered, but=rate.id)
    for field, value in asdict(entered).items():
        setattr(rate, field, value)
    bump(rate)
    record(rate, "edited", by=by)


def switch_tax_rate(rate: TaxRate, *, active: bool, by: Actor) -> None:
    """The rate is offered on documents, or no longer is; doing it twice is harmless."""
    by.require(Permission.EDIT_CATALOG)
    lock(rate)
    if rate.is_active != active:
        rate.is_active = active
        bump(rate)
        record(rate, "restored" if active else "archived", by=by)


def tax_rates(*, active_only: bool = False) -> list[TaxRate]:
    """The team's rates, those in use first, then by name and percent."""
    statement = select(TaxRate).order_by(TaxRate.is_active.desc(), TaxRate.name, TaxRate.percent)
    if active_only:
        statement = statement.where(TaxRate.is_active)
    return list(session.scalars(statement))


def known_tax_rates(ids: Iterable[UUID]) -> list[TaxRate]:
    """The team's rates with these ids; raises Invalid when one is not there."""
    wanted = set(ids)
    found = list(session.scalars(select(TaxRate).where(TaxRate.id.in_(wanted)))) if wanted else []
    if len(found) != len(wanted):
        raise Invalid("Choose taxes from the list.", field="tax_ids")
    return found


def _require_sound(entered: TaxRateInput, *, but: UUID | None) -> None:
    if not entered.name.strip():
        raise Invalid("Enter a name, such as VAT.", field="name")
    percent = entered.percent
    if not percent.is_finite() or not 0 <= percent <= 100:
        raise Invalid("Enter a percentage from 0 to 100.", field="percent")
    if percent != round(percent, PERCENT_PLACES):
        raise Invalid(f"Use at most {PERCENT_PLACES} decimals.", field="percent")
    same = select(TaxRate.id).where(
        TaxRate.is_active,
        func.lower(TaxRate.name) == entered.name.lower(),
        TaxRate.percent == percent,
        TaxRate.region == entered.region,
    )
    if session.scalars(same.where(TaxRate.id != but) if but else same).first():
        raise Invalid("There is a rate with this name and percentage already.", field="name")
