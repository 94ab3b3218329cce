"""The first page of a team, first steps included, and Help.

Shows what the teammate may see and the plan has; the rest of the page is left out.
"""

from cornerspot.blueprints.home.blueprint import blueprint

__all__ = ["blueprint"]

from cornerspot.blueprints.home import helping, index  # noqa: F401
