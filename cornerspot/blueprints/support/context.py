"""What a request knows about itself, read once and kept for its length."""

from __future__ import annotations

from flask import g

from cornerspot.plans.entitlements import Entitlements, entitlements


def request_entitlements() -> Entitlements:
    """The team's entitlements, read once per request."""
    if "entitlements" not in g:
        g.entitlements = entitlements()
    kept: Entitlements = g.entitlements
    return kept


def forget_entitlements() -> None:
    """Read them again: they were changed in this request."""
    g.pop("entitlements", None)
