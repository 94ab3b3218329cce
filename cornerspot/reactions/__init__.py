"""Event-driven arrows between packages, one module per arrow."""
