"""Plan & features."""

from cornerspot.blueprints.plans import (  # Each adds its routes, or its counters, when it is imported.
    changes,
    counters,
    requests,
    show,
    switches,
)
from cornerspot.blueprints.plans.blueprint import blueprint

__all__ = ["blueprint", "changes", "counters", "requests", "show", "switches"]
