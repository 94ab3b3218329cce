"""The first page of a team."""

from cornerspot.blueprints.home.blueprint import blueprint

__all__ = ["blueprint"]

from cornerspot.blueprints.home import helping, index  # noqa: F401
