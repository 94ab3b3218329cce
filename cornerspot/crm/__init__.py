"""Accounts, contacts, pipelines and deals."""
