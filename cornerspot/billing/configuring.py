"""Configuring: how a team's invoices are numbered and what they say by default."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from cornerspot.activity.recording import record
from cornerspot.billing.models import BillingSettings
from cornerspot.billing.numbering import require_free_pattern, require_pattern
from cornerspot.billing.settings import billing_settings
from cornerspot.db.locks import lock
from cornerspot.db.versions import bump, require_version
from cornerspot.kit.errors import Invalid
from cornerspot.people.actors import Actor
from cornerspot.people.permissions import Permission
from cornerspot.plans.entitlements import require_feature
from cornerspot.plans.features import Feature


@dataclass(frozen=True)
class BillingSettingsInput:
    """The settings as they were entered."""

    number_pattern: str
    restart_yearly: bool = False
    default_terms_days: int = 30
    default_notes: str = ""
    default_terms_text: str = ""
    payment_instructions: str = ""
    footer: str = ""


def update_billing_settings(entered: BillingSettingsInput, *, seen: int | None, by: Actor) -> BillingSettings:
    """Invoices are written like this from now on; those that are final stay as they are.

    Raises Invalid for a pattern that would give a number twice, StaleVersion.
    """
    by.require(Permission.MANAGE_SETTINGS)
    require_feature(Feature.BILLING)
    settings = lock(billing_settings())
    require_version(settings, seen, asdict(entered))
    require_pattern(entered.number_pattern, restart_yearly=entered.restart_yearly)
    if not 0 <= entered.default_terms_days <= 365:
        raise Invalid("Payment terms are between 0 and 365 days.", field="default_terms_days")
    changed = [name for name, value in asdict(entered).items() if getattr(settings, name) != value]
    for name, value in asdict(entered).items():
        setattr(settings, name, value)
    if {"number_pattern", "restart_yearly"} & set(changed):
        require_free_pattern(settings)
    if changed:
        bump(settings)
        record(settings, "edited", by=by, fields=changed)
    return settings
