"""Putting the plans of the catalog on sale at the processor."""

from __future__ import annotations

from collections.abc import Callable

from cornerspot.kit.money import Money
from cornerspot.payments.stripe_plan_setup import put_portal, put_price
from cornerspot.plans.catalog import offered_plans
from cornerspot.settings import current_settings


def put_on_sale(*, say: Callable[[str], None]) -> None:
    """Every paid plan has its price at the processor, and the billing portal is set up; harmless when repeated.

    Raises ProviderError.
    """
    for plan in offered_plans():
        if plan.price_minor:
            done = put_price(plan.key, name=plan.name, monthly=Money(plan.price_minor, plan.currency))
            say(f"{plan.key}: price {done}")
    done = put_portal(return_url=f"{current_settings().external_url}/")
    say(f"billing portal: {done}")
