"""What this team may use right now: plan, trial, overrides and its own switches, as one answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import bindparam, event, or_, select
from sqlalchemy.orm import Session, SessionTransaction, UOWTransaction

from cornerspot.db import session
from cornerspot.db.locks import lock
from cornerspot.kit import clock
from cornerspot.kit.errors import FeatureMissing, LimitReached
from cornerspot.plans.bought import bought_plan, patience_ends_at, plan_at
from cornerspot.plans.catalog import PLANS, PlanVersion, plans_with
from cornerspot.plans.features import FEATURES, LIMITS, Feature, Limit
from cornerspot.plans.models import FeatureSwitch, PlanOverride, TeamPlan

_KEPT = "entitlement_rows"
_SOURCES = (TeamPlan, PlanOverride, FeatureSwitch)


class Answer(StrEnum):
    """May the team use a feature: yes; its own admin said no; the plan says no."""

    YES = "yes"
    SWITCHED_OFF = "switched_off"
    NOT_IN_PLAN = "not_in_plan"


@dataclass(frozen=True)
class Entitlements:
    """The answers for one team at one moment. ``plan`` is the plan chosen, ``trial_ends_at`` set on trial.

    ``late_until`` is when the plan is lost, while a payment for it is late.
    """

    plan: PlanVersion
    trial_plan: PlanVersion | None
    trial_ends_at: datetime | None
    included: frozenset[Feature]
    switched_off: frozenset[Feature]
    limits: dict[Limit, int | None]
    late_until: datetime | None = None

    def answer(self, feature: Feature | str) -> Answer:
        """One of the three answers."""
        wanted = Feature(feature)
        if wanted not in self.included:
            return Answer.NOT_IN_PLAN
        return Answer.SWITCHED_OFF if wanted in self.switched_off else Answer.YES

    def allows(self, *features: Feature | str) -> bool:
        """Whether all of these may be used."""
        return all(self.answer(feature) is Answer.YES for feature in features)

    def answer_any(self, *features: Feature) -> Answer:
        """The best of their answers: yes when any may be used, switched off before not in the plan."""
        answers = {self.answer(feature) for feature in features}
        return next(answer for answer in Answer if answer in answers)

    def missing(self, *features: Feature) -> list[Feature]:
        """Those of the features that may not be used."""
        return [feature for feature in features if not self.allows(feature)]

    def require(self, *features: Feature) -> None:
        """Pass when all may be used; raises FeatureMissing whose message names each that may not."""
        missing = self.missing(*features)
        if missing:
            message = " ".join(_explain(feature, self.answer(feature)) for feature in missing)
            raise FeatureMissing(missing[0], answer=self.answer(missing[0]), message=message)

    def require_any(self, *features: Feature) -> None:
        """Pass when any may be used; raises FeatureMissing for the one that is easiest to get."""
        best = self.answer_any(*features)
        if best is not Answer.YES:
            nearest = next(feature for feature in features if self.answer(feature) is best)
            names = " or ".join(FEATURES[feature].name for feature in features)
            message = f"This needs {names}. {_explain(nearest, best)}"
            raise FeatureMissing(nearest, answer=best, message=message)


def entitlements() -> Entitlements:
    """The answers for the team of the scope; what they are made of is read once per transaction."""
    now = clock.now()
    kept = session.info.get(_KEPT)
    if kept is None or now < kept.read_at or _is_about_to_change():
        kept = session.info[_KEPT] = _read(now)
    live = [override for override in kept.overrides if override.ends_at is None or override.ends_at > now]
    return _combine(kept.team_plan, live, kept.switched_off, now)


def forget_entitlements() -> None:
    """The next answers are read anew: for a decision under a lock, which others changed before it was ours."""
    session.info.pop(_KEPT, None)


@dataclass(frozen=True)
class _Rows:
    """What a team's answers are made of, the oldest override first."""

    team_plan: TeamPlan
    overrides: list[PlanOverride]
    switched_off: frozenset[Feature]
    read_at: datetime


# One statement for all, made once: overrides × switches are a product, but of a handful of rows.
_IS_LIVE = or_(PlanOverride.ends_at.is_(None), PlanOverride.ends_at > bindparam("now"))
_SOURCES_OF_A_TEAM = (
    select(TeamPlan, PlanOverride, FeatureSwitch)
    .outerjoin(PlanOverride, (PlanOverride.tenant_id == TeamPlan.tenant_id) & _IS_LIVE)
    .outerjoin(FeatureSwitch, FeatureSwitch.tenant_id == TeamPlan.tenant_id)
)


def _read(now: datetime) -> _Rows:
    rows = session.execute(_SOURCES_OF_A_TEAM, {"now": now}).all()
    # mypy does not know that outer joins give None.
    overrides = {row[1].id: row[1] for row in rows if row[1] is not None}  # type: ignore[redundant-expr]
    switched_off = frozenset(Feature(row[2].feature) for row in rows if row[2] is not None)  # type: ignore[redundant-expr]
    oldest_first = sorted(overrides.values(), key=lambda override: (override.created_at, override.id))
    return _Rows(rows[0][0], oldest_first, switched_off, now)


def _is_about_to_change() -> bool:
    """Whether a row that counts waits for the flush that reading it anew brings about."""
    return any(isinstance(row, _SOURCES) for row in (*session.new, *session.deleted))


@event.listens_for(Session, "after_transaction_end")
def _forget_with_transaction(ended: Session, _: SessionTransaction) -> None:
    ended.info.pop(_KEPT, None)


@event.listens_for(Session, "after_flush")
def _forget_when_written(flushed: Session, _: UOWTransaction) -> None:
    """What this transaction writes itself counts at once."""
    if any(isinstance(row, _SOURCES) for row in (*flushed.new, *flushed.dirty, *flushed.deleted)):
        flushed.info.pop(_KEPT, None)


def _combine(
    team_plan: TeamPlan,
    overrides: list[PlanOverride],
    switched_off: frozenset[Feature],
    now: datetime,
) -> Entitlements:
    plan = plan_at(team_plan, now)
    trial = _trial_at(team_plan, plan, now)
    included = set(plan.features | (trial.features if trial else frozenset()))
    limits = {limit: _more_generous(limit, plan, trial) for limit in Limit}
    for override in overrides:  # The latest word of an operator stands.
        if override.feature is not None:
            (included.add if override.granted else included.discard)(Feature(override.feature))
        elif override.limit_name is not None:
            limits[Limit(override.limit_name)] = override.limit_size
    return Entitlements(
        plan,
        trial,
        team_plan.trial_ends_at if trial else None,
        frozenset(included),
        switched_off,
        limits,
        late_until=patience_ends_at(team_plan) if plan is bought_plan(team_plan, now) else None,
    )


def _trial_at(team_plan: TeamPlan, plan: PlanVersion, now: datetime) -> PlanVersion | None:
    """The trial that still runs and gives something that the plan does not."""
    if team_plan.trial_plan_key is None or team_plan.trial_ends_at is None or team_plan.trial_ends_at <= now:
        return None
    trial = PLANS[team_plan.trial_plan_key]
    return None if trial.features <= plan.features else trial


def _more_generous(limit: Limit, plan: PlanVersion, trial: PlanVersion | None) -> int | None:
    sizes = [source.limits.get(limit) for source in (plan, trial) if source is not None]
    known = [size for size in sizes if size is not None]
    return max(known) if len(known) == len(sizes) else None


def require_feature(*features: Feature) -> None:
    """Pass when the team of the scope may use all of these; raises FeatureMissing."""
    entitlements().require(*features)


def require_any_feature(*features: Feature) -> None:
    """Pass when the team of the scope may use any of these; raises FeatureMissing."""
    entitlements().require_any(*features)


def lock_limit(limit: Limit) -> int | None:
    """Serialize the use of a limit until the transaction ends; returns its size, None for unlimited.

    Nothing is locked for an unlimited team: there is nothing to use up. The size is
    read again under the lock, because a change of plan holds the same one.
    """
    if entitlements().limits[limit] is None:
        return None
    lock(session.scalars(select(TeamPlan)).one())
    forget_entitlements()
    return entitlements().limits[limit]


def require_below(limit: Limit, *, size: int | None, used: int, adding: int = 1) -> None:
    """Pass when the limit has room for ``adding`` more; raises LimitReached.

    ``size`` comes from ``lock_limit``, and ``used`` was counted after it.
    """
    if size is not None and used + adding > size:
        words = LIMITS[limit].name.lower()
        raise LimitReached(
            limit, allowed=size, message=f"Your plan allows {size} {words}. Ask an owner to change the plan."
        )


def _explain(feature: Feature, answer: Answer) -> str:
    name = FEATURES[feature].name
    if answer is Answer.SWITCHED_OFF:
        return f"{name} is switched off for this team. An admin can switch it on in Plan & features."
    plans = " and ".join(plan.name for plan in plans_with(feature))
    return f"{name} is not in this team's plan. It is part of {plans}."
