"""Pages of accounts, contacts, pipelines and deals."""

from cornerspot.blueprints.crm.blueprint import blueprint

__all__ = ["blueprint"]
