"""The wizard of Mark Won + Convert."""

from cornerspot.blueprints.conversion.blueprint import blueprint

__all__ = ["blueprint"]

from cornerspot.blueprints.conversion import (  # noqa: F401 - the routes register themselves
    offers,
    previews,
    runs,
    steps,
    takeovers,
    undos,
    wizards,
)
