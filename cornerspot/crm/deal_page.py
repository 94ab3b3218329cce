"""What every page of one deal needs loaded, so that no tab asks row by row."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import joinedload, selectinload

from cornerspot.crm.models import Deal, Pipeline
from cornerspot.people.models import Membership


def deal_page_options() -> tuple[Any, ...]:
    """Loader options for the head of a deal's page: account, contact, stage, stages, owner."""
    return (
        joinedload(Deal.account),
        joinedload(Deal.contact),
        joinedload(Deal.stage),
        joinedload(Deal.owner).joinedload(Membership.person),
        joinedload(Deal.pipeline).options(selectinload(Pipeline.stages)),
    )


def deal_lines_options() -> tuple[Any, ...]:
    """The same, with the deal's lines."""
    return (*deal_page_options(), selectinload(Deal.lines))
