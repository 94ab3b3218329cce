"""Pages of accounts, contacts and deals: lists, board, tabs, forms, moves.

Deals need the feature CRM; accounts and contacts are open to teams with Billing too
(``KEEPING_CUSTOMERS``). Records stay readable without either.
"""

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
