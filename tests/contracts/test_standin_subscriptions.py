"""Subscriptions at the stand-in: bought through Checkout, renewed by the clock, changed in the portal."""

from __future__ import annotations

from datetime import timedelta

import pytest
from werkzeug.test import Client

from cornerspot.payments.standin.wsgi import create_wsgi_app
from tests.contracts.standin_till import Till, refusal


class Shop(Till):
    """A till that sells two plans."""

    def __init__(self) -> None:
        super().__init__()
        self.product = self.client.v1.products.create({"name": "Pro"})
        self.monthly = self.price("pro_monthly", 2900, "month")
        self.yearly = self.price("pro_yearly", 29_000, "year")
        self.customer = self.client.v1.customers.create({"email": "ann@example.test"})
        self.browser = Client(create_wsgi_app(self.standin))

    def price(self, key, amount, interval):
        recurring = {"interval": interval}
        return self.client.v1.prices.create(
            {
                "product": self.product.id,
                "currency": "eur",
                "unit_amount": amount,
                "lookup_key": key,
                "recurring": recurring,
            }
        )

    def checkout(self, **data):
        return self.client.v1.checkout.sessions.create(
            {
                "mode": "subscription",
                "customer": self.customer.id,
                "client_reference_id": "team-1",
                "line_items": [{"price": self.monthly.id, "quantity": 1}],
                "success_url": "https://app.test/back",
                **({"subscription_data": data} if data else {}),
            }
        )

    def subscribed(self, card="4242424242424242", **data):
        session = self.checkout(**data)
        self.standin.pay_with_card(session.id, card)
        return self.read()

    def read(self):
        (only,) = self.client.v1.subscriptions.list({"customer": self.customer.id, "status": "all"}).data
        return only

    def portal(self, **features):
        update = {
            "enabled": True,
            "default_allowed_updates": ["price"],
            "products": [{"product": self.product.id, "prices": [self.monthly.id, self.yearly.id]}],
        }
        self.client.v1.billing_portal.configurations.create(
            {
                "features": {
                    "subscription_update": update,
                    "subscription_cancel": {"enabled": True},
                    "invoice_history": {"enabled": True},
                    **features,
                }
            }
        )
        session = self.client.v1.billing_portal.sessions.create(
            {"customer": self.customer.id, "return_url": "https://app.test/plan"}
        )
        return session.url.removeprefix("http://127.0.0.1:12111")


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_a_plan_is_bought_through_checkout(shop):
    subscription = shop.subscribed(metadata={"team": "t1"})
    (item,) = subscription["items"].data
    assert (subscription.status, item.price.id, subscription.metadata["team"]) == ("active", shop.monthly.id, "t1")
    assert item.current_period_end == shop.standin.world.now() + 30 * 24 * 3600
    session = shop.client.v1.checkout.sessions.list({"subscription": subscription.id}).data[0]
    assert (session.status, session.payment_status) == ("complete", "paid")
    (invoice,) = shop.client.v1.invoices.list({"subscription": subscription.id}).data
    assert (invoice.status, invoice.total) == ("paid", 2900)
    assert invoice.parent.subscription_details.subscription == subscription.id
    assert "customer.subscription.created" in shop.happened()


def test_prices_are_found_by_their_lookup_key(shop):
    found = shop.client.v1.prices.list({"lookup_keys": ["pro_yearly"], "expand": ["data.product"]}).data
    assert [(price.id, price.product.name) for price in found] == [(shop.yearly.id, "Pro")]
    assert refusal(lambda: shop.price("pro_yearly", 1, "year")).error.param == "lookup_key"


def test_a_declined_card_buys_nothing(shop):
    session = shop.checkout()
    with pytest.raises(Exception, match="declined"):
        shop.standin.pay_with_card(session.id, "4000000000000002")
    assert shop.client.v1.subscriptions.list().data == []
    assert shop.client.v1.checkout.sessions.retrieve(session.id).status == "open"


def test_it_renews_every_month(shop):
    shop.subscribed()
    shop.standin.advance(timedelta(days=31))
    subscription = shop.read()
    assert subscription.status == "active"
    assert len(shop.client.v1.invoices.list({"subscription": subscription.id}).data) == 2
    assert shop.happened()[-1] == "customer.subscription.updated"


def test_a_trial_is_free_and_then_paid(shop):
    subscription = shop.subscribed(trial_period_days=14)
    assert (subscription.status, shop.standin.money_moved(shop.account)) == ("trialing", {})
    session = shop.client.v1.checkout.sessions.list().data[0]
    assert (session.amount_total, session.payment_status) == (0, "no_payment_required")
    shop.standin.advance(timedelta(days=11))
    assert shop.happened()[-1] == "customer.subscription.trial_will_end"
    shop.standin.advance(timedelta(days=3))
    assert shop.read().status == "active"
    assert shop.moved().captured == 2900


def test_a_card_that_stops_working_makes_it_past_due_then_unpaid(shop):
    shop.subscribed("4000000000000341")
    shop.standin.advance(timedelta(days=30))
    assert shop.read().status == "past_due"
    assert "invoice.payment_failed" in shop.happened()
    shop.standin.advance(timedelta(days=15))
    assert shop.read().status == "unpaid"
    shop.standin.put_card(shop.read().id, "4242424242424242")
    assert shop.read().status == "active"


def test_it_ends_with_its_period_and_can_be_resumed_before(shop):
    subscription = shop.subscribed()
    update = shop.client.v1.subscriptions.update
    assert update(subscription.id, {"cancel_at_period_end": True}).cancel_at is not None
    assert update(subscription.id, {"cancel_at_period_end": False}).cancel_at is None
    update(subscription.id, {"cancel_at_period_end": True})
    shop.standin.advance(timedelta(days=30))
    assert shop.read().status == "canceled"
    assert shop.happened()[-1] == "customer.subscription.deleted"
    assert shop.client.v1.subscriptions.list({"customer": shop.customer.id}).data == []


def test_it_ends_when_its_customer_is_gone(shop):
    subscription = shop.subscribed()
    shop.client.v1.customers.delete(shop.customer.id)
    shop.standin.advance(timedelta(days=31))
    assert shop.client.v1.subscriptions.retrieve(subscription.id).status == "canceled"


def test_the_plan_is_changed_by_its_item(shop):
    subscription = shop.subscribed()
    item = subscription["items"].data[0].id
    changed = shop.client.v1.subscriptions.update(
        subscription.id, {"items": [{"id": item, "price": shop.yearly.id}], "proration_behavior": "none"}
    )
    assert changed["items"].data[0].price.id == shop.yearly.id
    assert changed["items"].data[0].current_period_end == shop.standin.world.now() + 365 * 24 * 3600


def test_it_can_be_cancelled_at_once(shop):
    subscription = shop.subscribed()
    assert shop.client.v1.subscriptions.cancel(subscription.id).status == "canceled"
    assert refusal(lambda: shop.client.v1.subscriptions.cancel(subscription.id)).http_status == 404


def test_the_portal_changes_cancels_and_resumes(shop):
    subscription = shop.subscribed()
    url = shop.portal()
    page = shop.browser.get(url)
    assert "Stripe stand-in: no real money moves" in page.text
    assert "https://app.test/plan" in page.text
    shop.browser.post(f"{url}/{subscription.id}/plan", data={"price": shop.yearly.id})
    assert shop.read()["items"].data[0].price.id == shop.yearly.id
    shop.browser.post(f"{url}/{subscription.id}/cancel")
    assert shop.read().cancel_at_period_end
    assert "Do not cancel" in shop.browser.get(url).text
    shop.browser.post(f"{url}/{subscription.id}/resume")
    assert not shop.read().cancel_at_period_end


def test_the_portal_allows_what_its_configuration_does(shop):
    subscription = shop.subscribed()
    url = shop.portal(subscription_cancel={"enabled": False})
    assert "Cancel the subscription" not in shop.browser.get(url).text
    assert shop.browser.post(f"{url}/{subscription.id}/cancel").status_code == 400
    assert shop.browser.post(f"{url}/{subscription.id}/plan", data={"price": "price_none"}).status_code == 400
    assert not shop.read().cancel_at_period_end


def test_a_portal_link_does_not_last(shop):
    subscription = shop.subscribed()
    url = shop.portal()
    shop.standin.advance(timedelta(hours=2))
    assert shop.browser.get(url).status_code == 410
    assert shop.browser.post(f"{url}/{subscription.id}/cancel").status_code == 410


def test_the_portal_needs_a_configuration(shop):
    error = refusal(lambda: shop.client.v1.billing_portal.sessions.create({"customer": shop.customer.id}))
    assert "customer portal settings" in error.user_message
