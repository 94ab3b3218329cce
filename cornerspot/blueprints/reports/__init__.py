"""Reports: what customers owe by age, and an account's statement.

Numbers link to what is behind them, and every report can be downloaded.
"""

from cornerspot.blueprints.reports.blueprint import blueprint

__all__ = ["blueprint"]

from cornerspot.blueprints.reports import account_statements, aging  # noqa: F401
