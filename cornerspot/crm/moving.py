"""Moving a deal through its pipeline: on, to won, to lost, and back."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from cornerspot.activity.recording import record
from cornerspot.crm.access import require_editable
from cornerspot.crm.deals import require_room_for_open_deal, top_of_board
from cornerspot.crm.events import DealLost, DealWon
from cornerspot.crm.models import Deal, Stage, StageClass
from cornerspot.db import session
from cornerspot.db.locks import lock
from cornerspot.db.versions import bump, require_version
from cornerspot.jobs.publishing import publish
from cornerspot.kit import clock
from cornerspot.kit.errors import Conflict, Invalid
from cornerspot.people.actors import Actor
from cornerspot.plans.entitlements import require_feature
from cornerspot.plans.features import Feature
from cornerspot.tenancy import team_today

LONGEST_REASON = 500
WORDS = {StageClass.WON: "won", StageClass.LOST: "lost"}
EVENTS = {StageClass.WON: DealWon, StageClass.LOST: DealLost}


def move_deal(
    deal: Deal,
    stage: Stage,
    *,
    by: Actor,
    seen: int | None = None,
    closed_on: date | None = None,
    lost_reason: str = "",
) -> None:
    """The deal is in the stage, with the close date or reason that the stage asks for.

    A deal that is there already stays as it is. Raises StaleVersion, PermissionDenied,
    LimitReached when reopening, and Invalid for ``closed_on`` or ``lost_reason``.
    """
    require_feature(Feature.CRM)
    lock(deal)
    require_editable(deal, by)
    require_version(deal, seen, {"stage_id": stage.id})
    if deal.stage_id == stage.id:
        return
    if deal.deleted_at is not None or deal.archived_at is not None:
        raise Conflict("This deal is archived. Restore it before moving it.")
    before = session.scalars(select(Stage).where(Stage.id == deal.stage_id)).one()
    to = StageClass(stage.stage_class)
    _close(deal, to, closed_on=closed_on, lost_reason=lost_reason.strip())
    if to is StageClass.OPEN and before.stage_class != StageClass.OPEN:
        require_room_for_open_deal()
    deal.pipeline_id, deal.stage_id, deal.stage_entered_at = stage.pipeline_id, stage.id, clock.now()
    deal.board_position = top_of_board()
    bump(deal)
    session.flush()
    session.expire(deal, ["stage", "pipeline"])
    record(deal, _event(before, to), by=by, **_facts(deal, before, stage))
    if to in EVENTS and to != before.stage_class:
        publish(EVENTS[to](deal.id))


def _close(deal: Deal, to: StageClass, *, closed_on: date | None, lost_reason: str) -> None:
    """Set what a closed deal says about its end, or take it away from an open one."""
    today = team_today()
    if to is StageClass.OPEN:
        deal.closed_on, deal.lost_reason = None, ""
        return
    if to is StageClass.LOST and not lost_reason:
        raise Invalid("Say why the deal was lost.", field="lost_reason")
    if len(lost_reason) > LONGEST_REASON:
        raise Invalid(f"Use at most {LONGEST_REASON} characters.", field="lost_reason")
    if to is StageClass.WON and closed_on is None:
        raise Invalid("Enter the day the deal was won.", field="closed_on")
    if closed_on is not None and closed_on > today:
        raise Invalid("The close date is in the future. Choose today or an earlier day.", field="closed_on")
    deal.closed_on = closed_on or today
    deal.lost_reason = lost_reason if to is StageClass.LOST else ""


def _event(before: Stage, to: StageClass) -> str:
    if to is StageClass.OPEN:
        return "moved" if before.stage_class == StageClass.OPEN else "reopened"
    return WORDS[to]


def _facts(deal: Deal, before: Stage, stage: Stage) -> dict[str, object]:
    facts: dict[str, object] = {"from": before.name, "to": stage.name}
    if deal.closed_on is not None:
        facts["closed_on"] = deal.closed_on
    if deal.lost_reason:
        facts["reason"] = deal.lost_reason
    return facts
