"""The blueprint that the modules of this folder add their routes to."""

from __future__ import annotations

from cornerspot.blueprints.support.gate import FeatureBlueprint
from cornerspot.plans.features import Feature

blueprint = FeatureBlueprint("members", __name__, features=(Feature.PORTAL,), reads_stay=True)
