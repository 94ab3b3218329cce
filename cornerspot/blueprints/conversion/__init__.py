"""The wizard of Mark Won + Convert: its steps, the preview, the run and its summary.

Every route needs CRM and Billing. ``page`` gathers what all steps show; ``steps`` saves,
``runs`` makes the invoice, ``takeovers`` and ``undos`` are for two people and second thoughts.
"""

from cornerspot.blueprints.conversion.blueprint import blueprint

__all__ = ["blueprint"]

from cornerspot.blueprints.conversion import (  # noqa: F401 - the routes register themselves
    offers,
    previews,
    runs,
    steps,
    takeovers,
    undos,
    wizards,
)
