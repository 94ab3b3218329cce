"""Pages of invoices and payments."""

from cornerspot.blueprints.billing.blueprint import blueprint

__all__ = ["blueprint"]
