"""Signing up, signing in, invitations, switching team."""

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
