"""Where Stripe reports: a team's own endpoint, and those of the installation.

Every route takes the raw bytes, answers on the exact path and sets no cookie.
"""

from cornerspot.blueprints.webhooks.blueprint import blueprint

__all__ = ["blueprint"]

from cornerspot.blueprints.webhooks import platform, team  # noqa: F401
