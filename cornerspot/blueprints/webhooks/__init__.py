"""Where Stripe reports: a team's own endpoint, and those of the installation.

Every address takes the raw bytes, is answered as it is spelt and sets no cookie. Those of the
installation are routes; a team's, which is sent hundreds of events a second, is ``intake``.
"""

from cornerspot.blueprints.webhooks.blueprint import blueprint

__all__ = ["blueprint"]

from cornerspot.blueprints.webhooks import platform  # noqa: F401
