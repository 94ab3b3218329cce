"""Settings of a team, and of oneself: company, teammates, pipelines, invoices, taxes, profile.

Each page is a module named after what it sets; ``index`` lists those that the teammate may open.
"""

from cornerspot.blueprints.settings.blueprint import blueprint

__all__ = ["blueprint"]

from cornerspot.blueprints.settings import (  # noqa: F401
    company,
    discounts,
    emails,
    index,
    invitations,
    invoice_numbers,
    invoices,
    logo,
    payments,
    payments_connection,
    pipelines,
    profile,
    reminders,
    sessions,
    tax_rates,
    teammates,
)
