"""Pipelines and their stages."""

from __future__ import annotations

from cornerspot.crm.models import Pipeline, Stage, StageClass
from cornerspot.db import session

FIRST_STAGES = (
    ("Qualified", StageClass.OPEN, 20),
    ("Meeting held", StageClass.OPEN, 40),
    ("Proposal sent", StageClass.OPEN, 60),
    ("Negotiation", StageClass.OPEN, 80),
    ("Closed won", StageClass.WON, 100),
    ("Closed lost", StageClass.LOST, 0),
)


def create_first_pipeline() -> Pipeline:
    """The pipeline a team starts with; flushed."""
    pipeline = Pipeline(name="Sales", position=0)
    session.add(pipeline)
    session.flush()  # Stages refer to it.
    for position, (name, stage_class, probability) in enumerate(FIRST_STAGES):
        session.add(
            Stage(
                pipeline_id=pipeline.id,
                name=name,
                position=position,
                stage_class=stage_class,
                probability=probability,
            )
        )
    return pipeline
