"""Pages for coming in: signing up and in, invitations, new passwords, choosing a team.

Most are pages of the installation, outside of any team; ``entering`` hands a signed-in
person over to a team's own address and cookie.
"""

from cornerspot.blueprints.auth.blueprint import blueprint

__all__ = ["blueprint"]

from cornerspot.blueprints.auth import (  # noqa: F401
    invitations,
    password_resets,
    shell,
    sign_in,
    sign_up,
    teams,
)
