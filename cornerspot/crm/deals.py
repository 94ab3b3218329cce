"""Deals: sales in the making, with the lines that are to be sold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.attributes import set_committed_value

from cornerspot.activity.recording import record
from cornerspot.catalog.lines import Copy, LineInput, reckon, write_line
from cornerspot.catalog.models import Product
from cornerspot.crm.access import known_account, known_contact, owner_for, require_editable
from cornerspot.crm.line_guards import require_deletable
from cornerspot.crm.models import Deal, DealLine, Stage, StageClass
from cornerspot.db import session
from cornerspot.db.locks import lock
from cornerspot.db.versions import bump, require_version
from cornerspot.kit import clock
from cornerspot.kit.currency import exponent
from cornerspot.kit.errors import Conflict, Invalid
from cornerspot.people.actors import Actor
from cornerspot.people.permissions import Permission
from cornerspot.plans.entitlements import lock_limit, require_below, require_feature
from cornerspot.plans.features import Feature, Limit
from cornerspot.tenancy import current_tenant_id


@dataclass(frozen=True)
class DealInput:
    """A deal as it was entered. ``value_minor`` counts only while there are no lines."""

    name: str
    currency: str
    stage_id: UUID | None = None  # None starts in the first open stage
    account_id: UUID | None = None
    contact_id: UUID | None = None
    value_minor: int = 0
    expected_close_on: date | None = None
    owner_id: UUID | None = None
    source: str = ""
    prices_include_tax: bool = False
    discounts: tuple[Copy, ...] = ()
    taxes: tuple[Copy, ...] = ()
    lines: tuple[LineInput, ...] = ()

    def columns(self) -> dict[str, Any]:
        """The values of the deal's columns; stage, owner and amounts aside."""
        plain = ("name", "currency", "account_id", "contact_id", "expected_close_on", "source", "prices_include_tax")
        values: dict[str, Any] = {name: getattr(self, name) for name in plain}
        return values | {"discounts": list(self.discounts), "taxes": list(self.taxes)}


def create_deal(entered: DealInput, *, by: Actor) -> Deal:
    """The team works on this deal, in an open stage, with its amounts; raises Invalid, LimitReached."""
    require_feature(Feature.CRM)
    by.require(Permission.EDIT_OWN_CRM)
    _require_sound(entered)
    stage = starting_stage(entered.stage_id)
    require_room_for_open_deal()
    deal = Deal(
        **entered.columns(),
        pipeline_id=stage.pipeline_id,
        stage_id=stage.id,
        board_position=top_of_board(),
        owner_id=owner_for(entered.owner_id, by=by),
    )
    session.add(deal)
    session.flush()  # Its lines refer to it.
    _write_lines(deal, entered, stored=[])
    record(deal, "created", by=by, stage=stage.name, name=deal.name)
    return deal


def update_deal(deal: Deal, entered: DealInput, *, by: Actor, seen: int | None = None) -> None:
    """The deal and its lines say what was entered; its stage stays.

    Raises StaleVersion, Invalid, PermissionDenied, and Conflict when a line that was billed is missing.
    """
    require_feature(Feature.CRM)
    lock(deal)
    require_editable(deal, by)
    require_version(deal, seen, entered.columns())
    _require_sound(entered, was=deal)
    before = {name: getattr(deal, name) for name in (*entered.columns(), "total_minor", "value_minor")}
    for name, value in entered.columns().items():
        setattr(deal, name, value)
    deal.owner_id = owner_for(entered.owner_id, by=by, now=deal.owner_id)
    _write_lines(deal, entered, stored=deal_lines(deal))
    bump(deal)
    record(deal, "edited", by=by, **_changes(deal, before))


def deal_lines(deal: Deal) -> list[DealLine]:
    """The deal's lines in their order."""
    return list(session.scalars(select(DealLine).where(DealLine.deal_id == deal.id).order_by(DealLine.position)))


def starting_stage(stage_id: UUID | None) -> Stage:
    """The chosen stage, or the first open one; raises Invalid for a closed or unknown stage."""
    if stage_id is not None:
        stage = session.get(Stage, (current_tenant_id(), stage_id))
        if stage is None:
            raise Invalid("Choose a stage from the list.", field="stage_id")
        if stage.stage_class != StageClass.OPEN:
            raise Invalid("Start in an open stage, and move the deal once it is closed.", field="stage_id")
        return stage
    first = session.scalars(select(Stage).where(Stage.stage_class == StageClass.OPEN).order_by(Stage.position)).first()
    if first is None:
        raise Conflict("The pipeline has no open stage. Add one in Settings, Pipelines.")
    return first


def require_room_for_open_deal() -> None:
    """Pass when the plan has room for one more active deal, and hold that room; raises LimitReached."""
    size = lock_limit(Limit.ACTIVE_DEALS)
    if size is not None:
        require_below(Limit.ACTIVE_DEALS, size=size, used=active_deals())


def active_deals() -> int:
    """How many deals are neither won nor lost, archived or in the Trash."""
    statement = (
        select(func.count())
        .select_from(Deal)
        .join(Stage, (Stage.id == Deal.stage_id) & (Stage.tenant_id == Deal.tenant_id))
        .where(Stage.stage_class == StageClass.OPEN, Deal.deleted_at.is_(None), Deal.archived_at.is_(None))
    )
    return session.scalars(statement).one()


def top_of_board() -> int:
    """A place above every card that was placed before: the board shows the newest first."""
    return int(clock.now().timestamp() * 1_000_000)


def _write_lines(deal: Deal, entered: DealInput, *, stored: Sequence[DealLine]) -> None:
    """The deal has exactly the lines that were entered, and the amounts they come to."""
    _require_known_products(entered.lines)
    by_id = {line.id: line for line in stored}
    kept = {line.id for line in entered.lines if line.id is not None}
    if kept - by_id.keys():
        raise Invalid("A line was removed from the deal meanwhile. Reload the page to see it.", field="lines")
    _delete_lines([line for line in stored if line.id not in kept])
    lines = []
    for position, given in enumerate(entered.lines):
        line = by_id[given.id] if given.id is not None else DealLine(deal_id=deal.id)
        write_line(line, given, position=position)
        line.frequency, line.term_months = given.frequency, given.term_months if given.frequency else None
        lines.append(line)
    totals = reckon(deal, lines)
    if totals.is_negative:
        raise Invalid("The total may not be below zero. Lower the credit or the discounts.", field="lines")
    deal.value_minor = deal.total_minor if lines else entered.value_minor
    session.add_all(lines)
    session.flush()
    set_committed_value(deal, "lines", lines)


def _delete_lines(gone: Sequence[DealLine]) -> None:
    require_deletable(gone)
    try:
        with session.begin_nested():
            for line in gone:
                session.delete(line)
    except IntegrityError as error:  # A billed line is kept by its foreign key, whoever asks.
        raise Conflict("A line that was billed cannot be removed. Void or delete its invoice first.") from error


def _require_sound(entered: DealInput, *, was: Deal | None = None) -> None:
    if not entered.name.strip():
        raise Invalid("Enter what the deal is about.", field="name")
    exponent(entered.currency)
    if entered.value_minor < 0:
        raise Invalid("A deal's value cannot be below zero.", field="value")
    known_account(entered.account_id)
    if was is None or (entered.contact_id, entered.account_id) != (was.contact_id, was.account_id):
        known_contact(entered.contact_id, account_id=entered.account_id)


def _require_known_products(lines: Sequence[LineInput]) -> None:
    wanted = {line.product_id for line in lines if line.product_id is not None}
    if wanted:
        found = session.scalars(select(func.count()).select_from(Product).where(Product.id.in_(wanted))).one()
        if found != len(wanted):
            raise Invalid("Choose products from the list.", field="lines")


def _changes(deal: Deal, before: dict[str, Any]) -> dict[str, Any]:
    """What the timeline says about an edit: the fields, and the value when it changed."""
    fields = [name for name, value in before.items() if getattr(deal, name) != value]
    changes: dict[str, Any] = {"fields": fields}
    if "value_minor" in fields:
        changes |= {"from_minor": before["value_minor"], "to_minor": deal.value_minor, "currency": deal.currency}
    return changes
