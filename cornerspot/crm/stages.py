"""The stages of a pipeline: named, ordered, added and removed."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from cornerspot.activity.recording import record
from cornerspot.crm.models import Deal, Pipeline, Stage, StageClass
from cornerspot.db import session
from cornerspot.db.locks import lock
from cornerspot.kit.errors import Conflict, Invalid
from cornerspot.people.actors import Actor
from cornerspot.people.permissions import Permission
from cornerspot.plans.entitlements import require_feature
from cornerspot.plans.features import Feature

MOST_STAGES = 20


@dataclass(frozen=True)
class StageInput:
    """A stage as it was entered; ``probability`` in percent."""

    name: str
    stage_class: str = StageClass.OPEN
    probability: int = 0


def rename_pipeline(pipeline: Pipeline, name: str, *, by: Actor) -> None:
    """The pipeline has this name; raises Invalid when it is empty."""
    _open(pipeline, by)
    if not name.strip():
        raise Invalid("Enter the pipeline's name.", field="name")
    if pipeline.name != name.strip():
        record(pipeline, "renamed", by=by, previous=pipeline.name, name=name.strip())
        pipeline.name = name.strip()


def add_stage(pipeline: Pipeline, entered: StageInput, *, by: Actor) -> Stage:
    """The pipeline ends with this stage; raises Invalid, Conflict when there are too many."""
    _open(pipeline, by)
    stages = stages_of(pipeline)
    if len(stages) >= MOST_STAGES:
        raise Conflict(f"A pipeline has at most {MOST_STAGES} stages.")
    _require_sound(entered, others=stages)
    last = max((stage.position for stage in stages), default=-1)
    stage = Stage(pipeline_id=pipeline.id, position=last + 1, **_columns(entered))
    session.add(stage)
    record(pipeline, "stage_added", by=by, stage=entered.name)
    return stage


def update_stage(pipeline: Pipeline, stage: Stage, entered: StageInput, *, by: Actor) -> None:
    """The stage says what was entered.

    Raises Conflict when its deals would be won or lost by it, or when the pipeline would lack a class.
    """
    _open(pipeline, by)
    stages = stages_of(pipeline)
    _require_sound(entered, others=[other for other in stages if other.id != stage.id])
    if entered.stage_class != stage.stage_class:
        if has_deals(stage):
            raise Conflict("There are deals in this stage. Move them before it becomes open, won or lost.")
        _require_class_left(stages, without=stage)
    for name, value in _columns(entered).items():
        setattr(stage, name, value)
    record(pipeline, "stage_edited", by=by, stage=entered.name)


def order_stages(pipeline: Pipeline, wanted: list[Stage], *, by: Actor) -> None:
    """The stages stand in this order; raises Invalid unless all of them are named once."""
    _open(pipeline, by)
    stages = stages_of(pipeline)
    if sorted(str(stage.id) for stage in wanted) != sorted(str(stage.id) for stage in stages):
        raise Invalid("The stages changed meanwhile. Reload the page.")
    beyond = max(stage.position for stage in stages) + 1
    for offset in (beyond, 0):  # Two steps, so that no two stages stand at one place in between.
        for place, stage in enumerate(wanted):
            stage.position = offset + place
        session.flush()
    record(pipeline, "stages_ordered", by=by)


def remove_stage(pipeline: Pipeline, stage: Stage, *, by: Actor) -> None:
    """The stage is gone; raises Conflict while it has deals or is the last of its class."""
    _open(pipeline, by)
    if has_deals(stage):
        raise Conflict("There are deals in this stage, maybe archived ones. Move them first.")
    _require_class_left(stages_of(pipeline), without=stage)
    session.delete(stage)
    record(pipeline, "stage_removed", by=by, stage=stage.name)


def stages_of(pipeline: Pipeline) -> list[Stage]:
    """The pipeline's stages in their order."""
    return list(session.scalars(select(Stage).where(Stage.pipeline_id == pipeline.id).order_by(Stage.position)))


def has_deals(stage: Stage) -> bool:
    """Whether any deal is in the stage, archived ones and those in the Trash among them."""
    return session.scalar(select(Deal.id).where(Deal.stage_id == stage.id).limit(1)) is not None


def deals_by_stage() -> dict[object, int]:
    """How many deals each stage holds, archived ones and those in the Trash among them."""
    rows = session.execute(select(Deal.stage_id, func.count()).group_by(Deal.stage_id))
    return {row[0]: row[1] for row in rows}


def _open(pipeline: Pipeline, by: Actor) -> None:
    require_feature(Feature.CRM)
    by.require(Permission.MANAGE_SETTINGS)
    lock(pipeline)


def _columns(entered: StageInput) -> dict[str, object]:
    """Won is certain and lost is hopeless, whatever was typed."""
    certain = {StageClass.WON: 100, StageClass.LOST: 0}
    stage_class = StageClass(entered.stage_class)
    return {
        "name": entered.name.strip(),
        "stage_class": stage_class,
        "probability": certain.get(stage_class, entered.probability),
    }


def _require_sound(entered: StageInput, *, others: list[Stage]) -> None:
    name = entered.name.strip()
    if not name:
        raise Invalid("Enter the stage's name.", field="name")
    if any(other.name.casefold() == name.casefold() for other in others):
        raise Invalid("There is a stage with this name already.", field="name")
    if entered.stage_class not in list(StageClass):
        raise Invalid("Choose open, won or lost.", field="stage_class")
    if not 0 <= entered.probability <= 100:
        raise Invalid("Enter a probability from 0 to 100.", field="probability")


def _require_class_left(stages: list[Stage], *, without: Stage) -> None:
    if not any(stage.stage_class == without.stage_class for stage in stages if stage.id != without.id):
        raise Conflict(f"A pipeline needs a stage for {without.stage_class} deals. Add another one first.")
