"""The button on a deal's page: other pages include ``conversion/_button.html``."""

from __future__ import annotations

from cornerspot.blueprints.conversion.blueprint import blueprint
from cornerspot.blueprints.conversion.page import STEPS
from cornerspot.blueprints.support.context import request_entitlements
from cornerspot.blueprints.support.identity import current_actor_or_none
from cornerspot.conversion.models import Step
from cornerspot.conversion.offering import HIDDEN, ConversionOffer, offer_conversion
from cornerspot.crm.models import Deal
from cornerspot.plans.features import FEATURES, Feature


@blueprint.app_template_global()
def conversion_offer(deal: Deal) -> ConversionOffer:
    """What this deal's page shows the teammate about converting it."""
    actor = current_actor_or_none()
    return offer_conversion(deal, actor=actor, granted=request_entitlements()) if actor else HIDDEN


@blueprint.app_template_global()
def conversion_step_label(step: str) -> str:
    """The name of a step of the wizard."""
    return STEPS.get(Step(step), "")


@blueprint.app_template_global()
def feature_words(features: tuple[Feature, ...]) -> str:
    """The names of some features, in a sentence."""
    return " and ".join(FEATURES[feature].name for feature in features)
