"""The blueprint that the modules of this folder add their routes to."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("webhooks", __name__)
# Stripe has no token of a page of ours; its signature says who it is.
blueprint.record_once(lambda state: state.app.extensions["csrf"].exempt(blueprint))
