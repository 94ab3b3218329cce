"""What happened to people that other packages answer to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PasswordResetAsked:
    """Somebody asked for a new password for an address, which may be nobody's.

    Whether it is somebody's is looked up by the worker, so that the answer in the
    browser cannot tell, not even by its time.
    """

    email: str
