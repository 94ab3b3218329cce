"""The wizard of Mark Won + Convert."""

from cornerspot.blueprints.conversion.blueprint import blueprint

__all__ = ["blueprint"]
