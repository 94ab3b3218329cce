"""Signing up, signing in, invitations, switching team."""

from cornerspot.blueprints.auth.blueprint import blueprint

__all__ = ["blueprint"]
