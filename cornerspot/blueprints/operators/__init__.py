"""Pages for whoever runs the installation."""

from cornerspot.blueprints.operators.blueprint import blueprint

__all__ = ["blueprint"]
