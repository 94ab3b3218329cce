"""Plan & features."""

from cornerspot.blueprints.plans.blueprint import blueprint

__all__ = ["blueprint"]
