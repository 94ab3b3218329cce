"""The blueprint that the modules of this folder add their routes to."""

from __future__ import annotations

from flask import Blueprint

from cornerspot.plans.features import Feature

blueprint = Blueprint("crm", __name__)
blueprint.features = (Feature.CRM,)  # type: ignore[attr-defined]
blueprint.reads_stay = True  # type: ignore[attr-defined]
