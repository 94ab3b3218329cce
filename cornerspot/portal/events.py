"""What members asked for that the worker answers.

Whether an address is somebody's is looked up by the worker, so that the answer in the
browser cannot tell, not even by its time.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PortalSignInLinkAsked:
    """Somebody asked this team's portal for a link to sign in with."""

    email: str


@dataclass(frozen=True)
class PortalPasswordResetAsked:
    """Somebody asked this team's portal for a new password."""

    email: str
