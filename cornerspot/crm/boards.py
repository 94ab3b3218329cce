"""The board of a pipeline: its stages as columns, the newest deals of each, and what each comes to."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from cornerspot.crm.listing import Sum
from cornerspot.crm.models import Deal, Pipeline, Stage
from cornerspot.db import session
from cornerspot.kit.errors import NotFound
from cornerspot.people.models import Membership

CARDS_PER_COLUMN = 100


@dataclass
class Column:
    """A stage with its newest deals; ``sums`` counts all of them, one entry per currency."""

    stage: Stage
    deals: list[Deal] = field(default_factory=list)
    sums: list[Sum] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(entry.count for entry in self.sums)

    @property
    def hidden(self) -> int:
        """How many deals the column does not show."""
        return self.count - len(self.deals)


def pipelines() -> list[Pipeline]:
    """The team's pipelines in their order, with their stages."""
    statement = select(Pipeline).order_by(Pipeline.position).options(selectinload(Pipeline.stages))
    return list(session.scalars(statement))


def first_pipeline() -> Pipeline:
    """The team's first pipeline with its stages."""
    found = pipelines()
    if not found:
        raise NotFound("There is no pipeline.")
    return found[0]


def pipeline_board(pipeline: Pipeline, *, owner_id: UUID | None = None) -> list[Column]:
    """The columns of the board in the order of the stages: three statements, however many deals."""
    columns = {stage.id: Column(stage) for stage in pipeline.stages}
    living = [Deal.pipeline_id == pipeline.id, Deal.deleted_at.is_(None), Deal.archived_at.is_(None)]
    if owner_id is not None:
        living.append(Deal.owner_id == owner_id)
    sums = select(Deal.stage_id, Deal.currency, func.count(), func.sum(Deal.value_minor)).where(*living)
    for stage_id, currency, count, value in session.execute(sums.group_by(Deal.stage_id, Deal.currency)):
        columns[stage_id].sums.append(Sum(currency, count, int(value)))
    place = func.row_number().over(partition_by=Deal.stage_id, order_by=(Deal.board_position.desc(), Deal.id.desc()))
    ranked = select(Deal.id, place.label("place")).where(*living).subquery()
    cards = (
        select(Deal)
        .join(ranked, ranked.c.id == Deal.id)
        .where(ranked.c.place <= CARDS_PER_COLUMN)
        .order_by(Deal.board_position.desc(), Deal.id.desc())
        .options(joinedload(Deal.account), joinedload(Deal.owner).joinedload(Membership.person))
    )
    for deal in session.scalars(cards):
        columns[deal.stage_id].deals.append(deal)
    return list(columns.values())
