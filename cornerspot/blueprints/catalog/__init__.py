"""Pages of products."""

from cornerspot.blueprints.catalog import products  # noqa: F401 - the routes register themselves
from cornerspot.blueprints.catalog.blueprint import blueprint

__all__ = ["blueprint"]
