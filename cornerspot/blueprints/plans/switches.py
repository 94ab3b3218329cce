"""The admin's own switches: a switch is created to hide a feature and destroyed to show it again."""

from __future__ import annotations

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.plans.blueprint import blueprint
from cornerspot.blueprints.support.gate import gate
from cornerspot.blueprints.support.identity import current_actor
from cornerspot.people.permissions import Permission
from cornerspot.plans.features import FEATURES, Feature
from cornerspot.plans.switching import switch_off, switch_on

NAMES = ", ".join(feature.value for feature in Feature)


@blueprint.post(f"/settings/plan/features/<any({NAMES}):name>/switch")
@gate(permission=Permission.MANAGE_FEATURES)
def feature_switches_create(name: str) -> ResponseReturnValue:
    feature = Feature(name)
    switch_off(feature, by=current_actor())
    flash(f"{FEATURES[feature].name} is switched off. Nothing is lost.", "success")
    return redirect(url_for("plans.show", _anchor="features"), 303)


@blueprint.post(f"/settings/plan/features/<any({NAMES}):name>/switch/removal")
@gate(permission=Permission.MANAGE_FEATURES)
def feature_switches_destroy(name: str) -> ResponseReturnValue:
    feature = Feature(name)
    switch_on(feature, by=current_actor())
    flash(f"{FEATURES[feature].name} is switched on.", "success")
    return redirect(url_for("plans.show", _anchor="features"), 303)
