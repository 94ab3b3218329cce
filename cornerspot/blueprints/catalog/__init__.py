"""Pages of products: list, form, archive, and the choices of line editors.

Products have no feature of their own: deals and invoices both need them. Tax rates and
discounts are under Settings.
"""

from cornerspot.blueprints.catalog import products  # noqa: F401 - the routes register themselves
from cornerspot.blueprints.catalog.blueprint import blueprint

__all__ = ["blueprint"]
