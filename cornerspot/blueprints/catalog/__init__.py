"""Pages of products, tax rates and discounts."""

from cornerspot.blueprints.catalog.blueprint import blueprint

__all__ = ["blueprint"]
