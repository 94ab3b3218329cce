"""Whether this process lives, can serve, and what it counts."""

from cornerspot.blueprints.health import checks, metrics
from cornerspot.blueprints.health.blueprint import blueprint

__all__ = ["blueprint", "checks", "metrics"]
