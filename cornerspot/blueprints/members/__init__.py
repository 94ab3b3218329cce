"""Pages on which a team looks after its portal: who may sign in, and to which accounts."""

from cornerspot.blueprints.members.blueprint import blueprint

__all__ = ["blueprint"]

from cornerspot.blueprints.members import (  # noqa: F401
    account_members,
    branding,
    documents,
    domains,
    portal_accesses,
    portal_invitations,
    portal_states,
    portal_users,
)
