"""The blueprint that the modules of this folder add their routes to."""

from __future__ import annotations

from flask import Blueprint

from cornerspot.plans.features import Feature

blueprint = Blueprint("conversion", __name__)
blueprint.features = (Feature.CRM, Feature.BILLING)  # type: ignore[attr-defined]
