"""Plan & features: what the team may use, how much of it, its switches and changes of plan.

For admins and owners; changing the plan is the owner's. ``counters`` tells ``plans`` how the
packages above it use up limits.
"""

from cornerspot.blueprints.plans import (  # Each adds its routes, or its counters, when it is imported.
    billing,
    changes,
    counters,
    purchases,
    requests,
    show,
    switches,
)
from cornerspot.blueprints.plans.blueprint import blueprint

__all__ = ["billing", "blueprint", "changes", "counters", "purchases", "requests", "show", "switches"]
