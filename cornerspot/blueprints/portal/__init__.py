"""The member portal: what a team's customers see, under the team's own brand.

Every page is for a signed-in member and narrowed to one account (``member_route``), but
for the few that let people in. ``shell`` gives the pages their look and navigation.
"""

from cornerspot.blueprints.portal.blueprint import blueprint

__all__ = ["blueprint"]

from cornerspot.blueprints.portal import (  # noqa: F401
    accounts,
    checkouts,
    documents,
    home,
    invitations,
    invoices,
    passwords,
    payments,
    profile,
    sessions,
    shell,
    sign_in,
    statements,
    theme,
)
