"""Pages on which a team looks after its portal: who may sign in, and to which accounts."""

from cornerspot.blueprints.members.blueprint import blueprint

__all__ = ["blueprint"]
