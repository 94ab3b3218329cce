"""Every plan version there ever was. Versions are added, never edited: a team keeps the one it chose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cornerspot.plans.features import Feature, Limit

F, L = Feature, Limit
TRIAL_PLAN_KEY = "growth_v1"
TRIAL_DAYS = 30
STARTING_PLAN_KEY = "free_v1"


@dataclass(frozen=True)
class PlanVersion:
    """One version of a plan. A limit that is not named is unlimited. Prices in minor units a month."""

    key: str
    name: str
    version: int
    tagline: str
    features: frozenset[Feature]
    limits: Mapping[Limit, int] = field(default_factory=dict)
    price_minor: int = 0
    currency: str = "EUR"
    is_offered: bool = True


PLANS: dict[str, PlanVersion] = {
    plan.key: plan
    for plan in (
        PlanVersion(
            "free_v1",
            "Free",
            1,
            "A CRM for two people.",
            frozenset({F.CRM}),
            {L.TEAMMATES: 2, L.ACTIVE_DEALS: 250},
        ),
        PlanVersion(
            "billing_v1",
            "Billing",
            1,
            "Invoices, the member portal and online payments.",
            frozenset({F.BILLING, F.PORTAL, F.ONLINE_PAYMENTS}),
            {L.TEAMMATES: 5, L.FINALIZED_INVOICES: 500},
            price_minor=2900,
        ),
        PlanVersion(
            "growth_v1",
            "Growth",
            1,
            "CRM and Billing together: a won deal becomes an invoice.",
            frozenset({F.CRM, F.BILLING, F.PORTAL, F.ONLINE_PAYMENTS, F.SUBSCRIPTIONS, F.ACCOUNTING}),
            {L.TEAMMATES: 25},
            price_minor=7900,
        ),
        PlanVersion(
            "scale_v1",
            "Scale",
            1,
            "Everything, without limits.",
            frozenset(Feature),
            price_minor=19900,
        ),
    )
}


def offered_plans() -> list[PlanVersion]:
    """The plans a team can choose today, cheapest first."""
    return [plan for plan in PLANS.values() if plan.is_offered]


def plans_with(*features: Feature) -> list[PlanVersion]:
    """The offered plans that include all of these features, cheapest first."""
    return [plan for plan in offered_plans() if plan.features.issuperset(features)]
