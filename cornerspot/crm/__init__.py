"""Whom a team sells to and what it hopes to sell: accounts, contacts, pipelines, deals.

May import ``catalog``, ``plans``, ``people`` and below. ``create_account``, ``create_contact``
and ``create_deal`` begin a record, ``move_deal`` takes a deal to won or lost, ``archiving``
takes records out of sight and back, ``listing`` and ``boards`` read them. Accounts and
contacts serve deals and invoices alike, so either feature is enough to keep them.
"""
