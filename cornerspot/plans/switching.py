"""The admin's own switches: a feature that the plan has, but that this team does not want to see."""

from __future__ import annotations

from sqlalchemy import select

from cornerspot.activity.recording import record
from cornerspot.db import session
from cornerspot.kit.errors import FeatureMissing
from cornerspot.people.actors import Actor
from cornerspot.people.permissions import Permission
from cornerspot.plans.assigning import locked_team_plan
from cornerspot.plans.entitlements import Answer, entitlements
from cornerspot.plans.features import FEATURES, Feature
from cornerspot.plans.models import FeatureSwitch


def switch_off(feature: Feature, *, by: Actor) -> None:
    """The team does not use the feature until an admin switches it on; harmless when repeated.

    Raises PermissionDenied, or FeatureMissing for a feature that the plan lacks.
    """
    by.require(Permission.MANAGE_FEATURES)
    team_plan = locked_team_plan()  # Two admins who press at once become one after the other.
    if entitlements().answer(feature) is Answer.NOT_IN_PLAN:
        raise FeatureMissing(
            feature,
            answer=Answer.NOT_IN_PLAN,
            message=f"{FEATURES[feature].name} is not in this team's plan, so there is nothing to switch off.",
        )
    if _switch(feature) is None:
        session.add(FeatureSwitch(feature=feature, switched_off_by=by.membership_id))
        record(team_plan, "feature_switched_off", by=by, feature=feature)


def switch_on(feature: Feature, *, by: Actor) -> None:
    """The feature follows the plan again; harmless when repeated. Raises PermissionDenied."""
    by.require(Permission.MANAGE_FEATURES)
    team_plan = locked_team_plan()
    switch = _switch(feature)
    if switch is not None:
        session.delete(switch)
        record(team_plan, "feature_switched_on", by=by, feature=feature)


def _switch(feature: Feature) -> FeatureSwitch | None:
    return session.scalars(select(FeatureSwitch).where(FeatureSwitch.feature == feature)).one_or_none()
