"""How a team writes invoices: number pattern, terms, texts."""

from __future__ import annotations

from sqlalchemy import select

from cornerspot.billing.models import BillingSettings
from cornerspot.db import session
from cornerspot.tenancy.models import Team

_SETTINGS = select(BillingSettings)
_SETTINGS_AND_TEAM = select(BillingSettings, Team).join(Team, Team.id == BillingSettings.tenant_id)


def create_billing_settings() -> BillingSettings:
    """The settings a team starts with."""
    settings = BillingSettings()
    session.add(settings)
    return settings


def billing_settings() -> BillingSettings:
    """The settings of the team of the scope."""
    return session.scalars(_SETTINGS).one()


def billing_settings_and_team() -> tuple[BillingSettings, Team]:
    """The settings with the team that issues the invoices, in one statement."""
    settings, team = session.execute(_SETTINGS_AND_TEAM).one()
    return settings, team
