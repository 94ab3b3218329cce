"""Settings of a team: company, invoices, teammates."""

from cornerspot.blueprints.settings.blueprint import blueprint

__all__ = ["blueprint"]
