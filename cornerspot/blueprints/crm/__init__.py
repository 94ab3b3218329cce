"""Pages of accounts, contacts, pipelines and deals."""

from cornerspot.blueprints.crm import (  # noqa: F401 - the routes register themselves
    accounts,
    contacts,
    deal_board,
    deal_moves,
    deal_tabs,
    deals,
    helpers,
)
from cornerspot.blueprints.crm.blueprint import blueprint

__all__ = ["blueprint"]
