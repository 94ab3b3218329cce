"""Settings of a team: company, teammates, and one's own profile and sign-ins."""

from cornerspot.blueprints.settings.blueprint import blueprint

__all__ = ["blueprint"]

from cornerspot.blueprints.settings import (  # noqa: F401
    company,
    discounts,
    index,
    invitations,
    invoices,
    pipelines,
    profile,
    sessions,
    tax_rates,
    teammates,
)
