"""Configuring online payment: connecting Stripe where the plan includes it, and part payments."""

from __future__ import annotations

from uuid import UUID

from cornerspot.activity.recording import record
from cornerspot.billing.settings import billing_settings
from cornerspot.db.locks import lock
from cornerspot.db.transaction import in_transaction
from cornerspot.db.versions import bump, require_version
from cornerspot.kit.errors import Invalid
from cornerspot.payments import connecting, consenting
from cornerspot.payments.consenting import Departure
from cornerspot.people.actors import Actor
from cornerspot.people.permissions import Permission
from cornerspot.plans.entitlements import require_feature
from cornerspot.plans.features import Feature


def connect_stripe_with_key(key: str, *, by: Actor) -> UUID:
    """``connecting.connect_with_key`` for a team whose plan has online payments; raises FeatureMissing too."""
    in_transaction(lambda: require_feature(Feature.ONLINE_PAYMENTS))
    return connecting.connect_with_key(key, by=by)


def begin_stripe_consent(*, by: Actor) -> Departure:
    """``consenting.begin_consent`` for a team whose plan has online payments; raises FeatureMissing too."""
    require_feature(Feature.ONLINE_PAYMENTS)
    return consenting.begin_consent(by=by)


def finish_stripe_consent(token: str, code: str, *, by: Actor) -> UUID:
    """``consenting.finish_consent`` for a team whose plan has online payments; raises FeatureMissing too."""
    in_transaction(lambda: require_feature(Feature.ONLINE_PAYMENTS))
    return consenting.finish_consent(token, code, by=by)


def configure_part_payments(*, allowed: bool, least_percent: int, seen: int | None, by: Actor) -> None:
    """Customers may pay a part of an invoice online, of at least this share of what is due, or only all of it.

    Raises Invalid naming the field, StaleVersion.
    """
    by.require(Permission.MANAGE_INTEGRATIONS)
    require_feature(Feature.ONLINE_PAYMENTS)
    settings = lock(billing_settings())
    require_version(settings, seen, {"part_payments": allowed, "least_part_percent": least_percent})
    if not 1 <= least_percent <= 100:
        raise Invalid("The smallest part is between 1 and 100 percent of what is due.", field="least_part_percent")
    if (settings.part_payments, settings.least_part_percent) == (allowed, least_percent):
        return
    settings.part_payments, settings.least_part_percent = allowed, least_percent
    bump(settings)
    record(settings, "edited", by=by, fields=["part_payments", "least_part_percent"])
