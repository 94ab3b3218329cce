"""Operators' exceptions from a plan. The latest one that has not ended stands."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select

from cornerspot.activity.recording import record
from cornerspot.db import session
from cornerspot.kit import clock
from cornerspot.kit.errors import Invalid
from cornerspot.people.actors import Actor
from cornerspot.plans.assigning import locked_team_plan, require_operator
from cornerspot.plans.features import Feature, Limit
from cornerspot.plans.models import PlanOverride

REASON_LENGTH = 500
GREATEST_LIMIT = 1_000_000


def grant_feature(feature: Feature, *, reason: str, ends_at: datetime | None = None, by: Actor) -> PlanOverride:
    """The team has the feature, whatever its plan says, until ``ends_at`` (None: for good)."""
    return _add(PlanOverride(feature=feature, granted=True, ends_at=ends_at, reason=reason.strip()), by)


def revoke_feature(feature: Feature, *, reason: str, ends_at: datetime | None = None, by: Actor) -> PlanOverride:
    """The team lacks the feature, whatever its plan says, until ``ends_at`` (None: for good)."""
    return _add(PlanOverride(feature=feature, granted=False, ends_at=ends_at, reason=reason.strip()), by)


def set_limit(
    limit: Limit, size: int | None, *, reason: str, ends_at: datetime | None = None, by: Actor
) -> PlanOverride:
    """The limit has this size (None: unlimited), whatever the plan says, until ``ends_at``."""
    if size is not None and not 0 <= size <= GREATEST_LIMIT:
        raise Invalid(f"Enter a limit from 0 to {GREATEST_LIMIT:,}, or none for unlimited.", field="limit_size")
    return _add(PlanOverride(limit_name=limit, limit_size=size, ends_at=ends_at, reason=reason.strip()), by)


def end_override(override: PlanOverride, *, by: Actor) -> None:
    """The exception counts no longer; harmless when it has ended already."""
    require_operator(by)
    team_plan = locked_team_plan()
    now = clock.now()
    if override.ends_at is None or override.ends_at > now:
        override.ends_at = now
        record(team_plan, "override_ended", by=by, **_words(override))


def live_overrides() -> list[PlanOverride]:
    """The exceptions of the team of the scope that count now, newest first."""
    statement = select(PlanOverride).where(or_(PlanOverride.ends_at.is_(None), PlanOverride.ends_at > clock.now()))
    return list(session.scalars(statement.order_by(PlanOverride.created_at.desc(), PlanOverride.id.desc())))


def _add(override: PlanOverride, by: Actor) -> PlanOverride:
    require_operator(by)
    if not override.reason or len(override.reason) > REASON_LENGTH:
        raise Invalid(f"Give a reason, up to {REASON_LENGTH} characters.", field="reason")
    if override.ends_at is not None and override.ends_at <= clock.now():
        raise Invalid("Choose a day in the future, or none.", field="ends_on")
    team_plan = locked_team_plan()
    session.add(override)
    record(team_plan, "override_added", by=by, reason=override.reason, ends_at=override.ends_at, **_words(override))
    return override


def _words(override: PlanOverride) -> dict[str, object]:
    if override.feature is not None:
        return {"feature": override.feature, "granted": override.granted}
    return {"limit": override.limit_name, "size": override.limit_size}
