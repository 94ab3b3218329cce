"""What a team needs to know in the morning: deals by stage, what happened, what is left to set up."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import and_, func, select

from cornerspot.activity.models import ActivityEntry
from cornerspot.billing.models import Invoice
from cornerspot.catalog.models import Product
from cornerspot.crm.models import Account, Deal, Pipeline, Stage, StageClass
from cornerspot.db import session
from cornerspot.db.planning import is_any

# Shown one by one, in the order in which a story unfolds.
TOLD = ("deal", "invoice", "account")


@dataclass(frozen=True)
class StageCount:
    """How many open deals stand in a stage."""

    name: str
    count: int


@dataclass(frozen=True)
class Beginnings:
    """What a team has made of its first things."""

    account: bool
    product: bool
    deal: bool
    invoice: bool

    @property
    def is_complete(self) -> bool:
        return self.account and self.product and self.deal and self.invoice


def deals_by_stage() -> list[StageCount]:
    """The open stages of the first pipeline with their deals, in order."""
    first = select(Pipeline.id).order_by(Pipeline.position).limit(1).scalar_subquery()
    is_live = and_(Deal.stage_id == Stage.id, Deal.deleted_at.is_(None), Deal.archived_at.is_(None))
    rows = session.execute(
        select(Stage.name, func.count(Deal.id))
        .outerjoin(Deal, is_live)
        .where(Stage.pipeline_id == first, Stage.stage_class == StageClass.OPEN)
        .group_by(Stage.id, Stage.name, Stage.position)
        .order_by(Stage.position)
    )
    return [StageCount(name, count) for name, count in rows]


def recent_activity(limit: int = 12) -> list[tuple[ActivityEntry, str]]:
    """The newest events and notes about deals, invoices and accounts, each with its record's name."""
    entries = list(
        session.scalars(
            select(ActivityEntry)
            .where(ActivityEntry.subject_type.in_(TOLD))
            .order_by(ActivityEntry.happened_at.desc(), ActivityEntry.id.desc())
            .limit(limit)
        )
    )
    names = _names({(entry.subject_type, entry.subject_id) for entry in entries})
    return [(entry, names.get(entry.subject_id, "")) for entry in entries]


def beginnings() -> Beginnings:
    """Which of the first things a team has done, in one statement."""
    row = session.execute(
        select(
            is_any(Account).label("account"),
            is_any(Product).label("product"),
            is_any(Deal).label("deal"),
            is_any(Invoice).label("invoice"),
        )
    ).one()
    return Beginnings(row.account, row.product, row.deal, row.invoice)


def _names(subjects: set[tuple[str, UUID]]) -> dict[UUID, str]:
    """What the records are called; one statement for each kind that occurs."""
    shown = {
        "deal": (Deal, Deal.name),
        "account": (Account, Account.name),
        "invoice": (Invoice, func.coalesce(Invoice.number, Invoice.manual_number, "Draft invoice")),
    }
    found: dict[UUID, str] = {}
    for kind in sorted({kind for kind, _ in subjects}):
        model, name = shown[kind]
        ids = [subject_id for subject, subject_id in subjects if subject == kind]
        found.update(
            (record_id, text) for record_id, text in session.execute(select(model.id, name).where(model.id.in_(ids)))
        )
    return found
