"""What selling plans needs at Stripe is made once, and brought up to date."""

from __future__ import annotations

import pytest

from cornerspot.kit.money import Money
from cornerspot.payments.provider import ProviderRefused
from cornerspot.payments.stripe_plan_setup import EVENTS, put_portal, put_price, replace_endpoint
from cornerspot.payments.stripe_plans import plan_shop
from cornerspot.plans.offering import put_on_sale
from tests.factories.plan_shop import selling_plans
from tests.factories.stripe import settings_with

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def shop(app):
    with selling_plans() as made:
        yield made


def prices(shop):
    return shop.standin.objects(shop.platform, "price")


def test_putting_on_sale_twice_makes_nothing_twice(shop):
    before, said = len(prices(shop)), []
    put_on_sale(say=said.append)
    assert len(prices(shop)) == before == 3
    assert said == ["billing_v1: price kept", "growth_v1: price kept", "scale_v1: price kept", "billing portal: kept"]
    assert len(shop.standin.objects(shop.platform, "product")) == 3
    assert len(shop.standin.objects(shop.platform, "billing_portal.configuration")) == 1


def test_another_amount_is_another_price_of_the_same_product(shop):
    (old,) = [price for price in prices(shop) if price["lookup_key"] == "growth_v1"]
    assert put_price("growth_v1", name="Growth", monthly=Money(8900, "EUR")) == "changed"
    (new,) = [price for price in prices(shop) if price["lookup_key"] == "growth_v1"]
    assert (old["active"], old["lookup_key"], new["product"]) == (False, None, old["product"])
    assert plan_shop().price_of("growth_v1").amount == Money(8900, "EUR")
    assert old["metadata"] == {"plan": "growth_v1"}  # Who bought at the older price still has the plan.


def test_the_portal_changes_no_plan_but_lets_people_leave(shop):
    assert put_portal(return_url="https://cornerspot.example/") == "kept"
    (made,) = shop.standin.objects(shop.platform, "billing_portal.configuration")
    features = made["features"]
    assert not features["subscription_update"]["enabled"]
    assert features["subscription_cancel"]["enabled"]
    assert features["subscription_cancel"]["mode"] == "at_period_end"


def test_a_new_endpoint_replaces_ours_and_no_other(shop):
    first = replace_endpoint("https://cornerspot.example")
    second = replace_endpoint("https://cornerspot.example")
    assert first != second
    (endpoint,) = shop.standin.objects(shop.platform, "webhook_endpoint")
    assert endpoint["url"] == "https://cornerspot.example/hooks/stripe/plans"
    assert set(endpoint["enabled_events"]) == set(EVENTS)


def test_without_a_key_there_is_nothing_to_set_up(app):
    with settings_with(stripe_key=""):
        with pytest.raises(ProviderRefused, match="STRIPE_SECRET_KEY"):
            put_price("growth_v1", name="Growth", monthly=Money(7900, "EUR"))
        with pytest.raises(ProviderRefused):
            plan_shop()
