"""How a team writes invoices: number pattern, terms, texts."""

from __future__ import annotations

from sqlalchemy import select

from cornerspot.billing.models import BillingSettings
from cornerspot.db import session


def create_billing_settings() -> BillingSettings:
    """The settings a team starts with."""
    settings = BillingSettings()
    session.add(settings)
    return settings


def billing_settings() -> BillingSettings:
    """The settings of the team of the scope."""
    return session.scalars(select(BillingSettings)).one()
