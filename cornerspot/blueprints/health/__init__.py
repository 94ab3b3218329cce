"""For machines that watch this one: whether the process lives, can serve, and what it counts.

Open to everybody on the installation's own pages; ``checks`` answers probes and
``metrics`` Prometheus. Nothing here tells of a team.
"""

from cornerspot.blueprints.health import checks, metrics
from cornerspot.blueprints.health.blueprint import blueprint

__all__ = ["blueprint", "checks", "metrics"]
