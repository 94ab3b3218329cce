"""Buying a plan by clicking: pages, webhooks in any order, and what people see of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from threading import Barrier
from urllib.parse import urlsplit

import pytest
from sqlalchemy import delete, select
from werkzeug.test import Client

from cornerspot.db import session
from cornerspot.db.transaction import in_transaction
from cornerspot.jobs.queue import GiveUp
from cornerspot.kit import clock
from cornerspot.kit.errors import Conflict
from cornerspot.payments.models import PlatformEvent
from cornerspot.payments.platform_inbox import announce_waiting, retry_platform_event
from cornerspot.payments.provider import ProviderError
from cornerspot.payments.standin import Fault
from cornerspot.payments.standin.wsgi import create_wsgi_app
from cornerspot.payments.stripe_plan_setup import replace_endpoint
from cornerspot.plans.assigning import assign_plan
from cornerspot.plans.syncing import sync_plan, sync_plan_event
from cornerspot.plans.upkeep import sync_bought
from cornerspot.tenancy import system_scope, team_scope
from tests.factories.plan_shop import FAILS_LATER, copy_of_plan, plan_now, selling_plans
from tests.factories.stripe import event_body, settings_with, signature_of
from tests.factories.teams import Story

pytestmark = pytest.mark.usefixtures("without_tokens")
HOOK = "/hooks/stripe/plans"


class Buyer:
    """A team, its owner's browser, and the stand-in whose webhooks wait until they are sent."""

    def __init__(self, story: Story, shop) -> None:
        self.story, self.shop, self.browser = story, shop, story.sign_in("owner")
        with self.inside():
            in_transaction(lambda: assign_plan("free_v1", end_trial=True))

    @contextmanager
    def inside(self):
        # Not around requests: they would share what the first of them knows of who asks.
        with self.story.app.app_context(), team_scope(self.story.team):
            yield

    def press_buy(self, plan="growth_v1"):
        answer = self.browser.post("/settings/plan/purchases", data={"plan": plan})
        assert answer.status_code == 303
        return urlsplit(answer.location).path.rpartition("/")[2]

    def paid(self, plan="growth_v1", card="4242424242424242"):
        self.shop.standin.pay_with_card(self.press_buy(plan), card)

    def plan(self):
        with self.inside():
            return plan_now()

    def page(self):
        return self.browser.get("/settings/plan").get_data(as_text=True)

    def come_back(self):
        return self.browser.get("/settings/plan/purchases/done?session_id=cs_1", follow_redirects=True)


@pytest.fixture
def buyer(app, story):
    def deliver(_url, headers, body):
        return app.test_client().post(HOOK, data=body, headers=headers).status_code

    settings = app.config["SETTINGS"]
    with (
        selling_plans(deliver=deliver) as shop,
        settings_with(stripe_plans_secret=replace_endpoint("https://cornerspot.example")) as selling,
    ):
        app.config["SETTINGS"] = selling
        try:
            yield Buyer(story, shop)
        finally:
            app.config["SETTINGS"] = settings


@contextmanager
def installation(buyer):
    """The scope of what belongs to no team."""
    with buyer.story.app.app_context(), system_scope("a test looks at webhooks"):
        yield


def stored(buyer, state=None):
    """The webhooks of this state, the oldest first."""
    statement = select(PlatformEvent).order_by(PlatformEvent.id)
    with installation(buyer):
        rows = in_transaction(lambda: list(session.scalars(statement)))
        return [(row.id, row.type) for row in rows if state in (None, row.state)]


@pytest.fixture(autouse=True)
def no_webhooks_before(app):
    with app.app_context(), system_scope("a test begins"):
        in_transaction(lambda: session.execute(delete(PlatformEvent)))


def work_off(buyer, events=None):
    """The worker has looked at what waits."""
    for event_id, _ in stored(buyer, "new") if events is None else events:
        with installation(buyer):
            sync_plan_event(event_id)


def test_a_plan_is_bought_by_clicking(buyer):
    assert "Buy Growth" in buyer.browser.get("/settings/plan/changes/new?plan=growth_v1").get_data(as_text=True)
    buyer.paid()
    page = buyer.come_back().get_data(as_text=True)
    assert "You have Growth." in page
    assert "Growth renews on" in page
    assert "Manage billing" in page
    assert buyer.plan() == "growth_v1"


def test_the_form_may_end_on_the_payment_page(buyer):
    answer = buyer.browser.get("/settings/plan/changes/new?plan=growth_v1")
    assert "https://checkout.stripe.com" in answer.headers["Content-Security-Policy"]


def test_the_webhook_alone_is_enough(buyer):
    buyer.paid()
    buyer.shop.standin.deliver_pending()
    assert buyer.plan() == "free_v1"
    work_off(buyer)
    assert buyer.plan() == "growth_v1"
    assert stored(buyer, "new") == []


@pytest.mark.parametrize("order", ["reversed", "random"])
def test_webhooks_in_any_order_and_many_times_over_make_the_same(buyer, order):
    buyer.paid(card=FAILS_LATER)
    buyer.shop.standin.advance(timedelta(days=46))
    outcomes = buyer.shop.standin.deliver_pending(order=order, duplicate=2)
    assert {outcome.status for outcome in outcomes} == {200}
    events = stored(buyer, "new")
    assert len({kind for _, kind in events}) >= 4
    work_off(buyer)
    work_off(buyer, events)
    with buyer.inside():
        assert copy_of_plan().bought_status == "unpaid"
    assert buyer.plan() == "free_v1"


def test_lost_webhooks_are_made_up_for_within_the_hour(buyer):
    buyer.paid()
    buyer.shop.standin.deliver_pending(drop=True)
    with buyer.inside():
        sync_bought()
    assert buyer.plan() == "growth_v1"


def test_a_payment_that_the_processor_does_not_speak_of_yet_is_on_its_way(buyer):
    buyer.press_buy()
    assert "being confirmed" in buyer.come_back().get_data(as_text=True)
    buyer.shop.standin.faults.next("GET /v1/subscriptions", Fault.SERVER_ERROR_500(should_retry=False))
    assert "being confirmed" in buyer.come_back().get_data(as_text=True)


def test_the_processor_out_of_reach_stops_buying_and_nothing_else(buyer):
    buyer.paid()
    buyer.come_back()
    buyer.shop.standin.faults.next("*", Fault.DROP_REQUEST, times=50)
    assert "Growth renews on" in buyer.page()
    assert "Stripe does not answer" in buyer.browser.get("/settings/plan/invoices").get_data(as_text=True)
    answer = buyer.browser.post("/settings/plan/billing", follow_redirects=True)
    assert "Stripe did not answer" in answer.get_data(as_text=True)


def test_two_tabs_make_one_subscription(buyer):
    first, second = buyer.press_buy(), buyer.press_buy("scale_v1")
    with pytest.raises(Exception, match="no longer open"):
        buyer.shop.standin.pay_with_card(first)
    buyer.shop.standin.pay_with_card(second)
    buyer.come_back()
    assert (len(buyer.shop.subscriptions()), buyer.plan()) == (1, "scale_v1")


def test_who_has_bought_is_told_so_in_the_other_tab(buyer):
    buyer.paid()
    answer = buyer.browser.post("/settings/plan/purchases", data={"plan": "scale_v1"}, follow_redirects=True)
    assert "has a subscription already" in answer.get_data(as_text=True)
    assert len(buyer.shop.subscriptions()) == 1


def test_two_tabs_at_once_leave_one_page_open(buyer):
    at_once = Barrier(2)

    def press(browser):
        at_once.wait()
        return browser.post("/settings/plan/purchases", data={"plan": "growth_v1"}).status_code

    browsers = [buyer.browser, buyer.story.sign_in("owner")]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(press, browsers)) == [303, 303]
    assert len(buyer.shop.pages("open")) == 1
    assert len(buyer.shop.standin.objects(buyer.shop.platform, "customer")) == 1


def test_an_answer_that_is_older_than_our_copy_replaces_nothing(buyer):
    """Two syncs cross: the one that read first writes last."""
    page, standin = buyer.press_buy(), buyer.shop.standin

    def slow_sync():
        with buyer.inside():
            sync_plan()

    standin.faults.next("GET /v1/subscriptions", Fault.HOLD_ANSWER(seconds=20))
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(slow_sync)
        assert standin.faults.waiting.wait(10)
        standin.pay_with_card(page)
        with buyer.inside():
            sync_plan()
        standin.faults.release()
        slow.result()
    assert buyer.plan() == "growth_v1"


def test_an_upgrade_and_a_downgrade_by_clicking(buyer):
    buyer.paid()
    buyer.come_back()
    assert "Upgrade to Scale now" in buyer.browser.get("/settings/plan/changes/new?plan=scale_v1").get_data(
        as_text=True
    )
    assert buyer.browser.post("/settings/plan/changes", data={"plan": "scale_v1"}).status_code == 303
    assert buyer.plan() == "scale_v1"
    assert buyer.browser.post("/settings/plan/changes", data={"plan": "billing_v1"}).status_code == 303
    assert "Then you move to Billing" in buyer.page()
    assert buyer.browser.post("/settings/plan/changes/cancellation").status_code == 303
    assert "Scale renews on" in buyer.page()


def test_what_is_cancelled_in_the_billing_portal_is_seen_on_the_way_back(buyer):
    buyer.paid()
    buyer.come_back()
    portal = urlsplit(buyer.browser.post("/settings/plan/billing").location)
    subscription = buyer.shop.subscriptions()[0]["id"]
    stripe = Client(create_wsgi_app(buyer.shop.standin))
    assert stripe.post(f"{portal.path}/{subscription}/cancel").status_code == 303
    assert "Growth ends on" in buyer.browser.get("/settings/plan/billing/done", follow_redirects=True).get_data(
        as_text=True
    )


def test_a_failed_payment_is_said_with_the_way_out(buyer):
    buyer.paid(card=FAILS_LATER)
    buyer.shop.standin.advance(timedelta(days=31))
    with buyer.inside():
        sync_plan()
    page = buyer.page()
    assert "Your payment failed" in page
    assert "You keep Growth until" in page
    assert "The payment for your plan failed." in buyer.browser.get("/deals").get_data(as_text=True)
    assert "The payment for your plan failed." not in buyer.story.sign_in("rep").get("/deals").get_data(as_text=True)
    assert "First pay what is open" in buyer.browser.get("/settings/plan/changes/new?plan=scale_v1").get_data(
        as_text=True
    )


def test_invoices_are_on_the_page_of_their_own(buyer):
    buyer.paid()
    buyer.come_back()
    page = buyer.browser.get("/settings/plan/invoices").get_data(as_text=True)
    assert "€79.00" in page
    assert "Paid" in page


def test_only_the_owner_buys_and_manages(buyer):
    admin = buyer.story.sign_in("admin")
    assert admin.post("/settings/plan/purchases", data={"plan": "growth_v1"}).status_code == 403
    assert admin.post("/settings/plan/billing").status_code == 403
    assert admin.get("/settings/plan/purchases/done").status_code == 403
    assert admin.get("/settings/plan").status_code == 200


@pytest.mark.parametrize("secret", ["whsec_of_somebody_else", ""])
def test_a_forged_webhook_is_turned_away(buyer, app, secret):
    body = event_body("customer.subscription.updated", about={"id": "sub_1", "object": "subscription"})
    header = signature_of(body, secret or "x")
    assert app.test_client().post(HOOK, data=body, headers={"Stripe-Signature": header}).status_code == 400
    assert stored(buyer) == []


def genuine(buyer, **about):
    """A rightly signed event that says these things."""
    body = event_body("customer.subscription.updated", about={"id": "sub_1", "object": "subscription", **about})
    app = buyer.story.app
    header = signature_of(body, app.config["SETTINGS"].stripe_plans_secret)
    assert app.test_client().post(HOOK, data=body, headers={"Stripe-Signature": header}).status_code == 200
    work_off(buyer)


def test_what_a_webhook_claims_is_not_believed(buyer):
    buyer.press_buy()
    with buyer.inside():
        customer = copy_of_plan().customer_id
    genuine(buyer, customer=customer, status="active", metadata={"plan": "scale_v1"})
    assert len(stored(buyer, "done")) == 1
    assert buyer.plan() == "free_v1"


@pytest.mark.parametrize("about", [{}, {"customer": None}, {"customer": "cus_nobody"}, {"customer": 7}])
def test_a_webhook_about_nobody_we_know_is_ignored(buyer, about):
    genuine(buyer, **about)
    assert len(stored(buyer, "ignored")) == 1


def test_a_customer_that_is_not_the_teams_own_is_foreign(buyer):
    buyer.press_buy()
    platform = buyer.shop.platform
    (customer,) = buyer.shop.standin.objects(platform, "customer")
    buyer.shop.standin.world.put(platform, {**customer, "id": "cus_forged"})
    genuine(buyer, customer="cus_forged")
    assert len(stored(buyer, "foreign")) == 1


def test_an_event_that_fails_on_every_try_is_stuck_and_can_be_retried(buyer):
    buyer.paid()
    buyer.shop.standin.deliver_pending(only=("checkout.session.completed",))
    ((event_id, _),) = stored(buyer, "new")
    buyer.shop.standin.faults.next("*", Fault.SERVER_ERROR_500(should_retry=False), times=8)
    for _ in range(7):
        with pytest.raises(ProviderError), installation(buyer):
            sync_plan_event(event_id)
    with pytest.raises(GiveUp), installation(buyer):
        sync_plan_event(event_id)
    assert stored(buyer, "stuck") == [(event_id, "checkout.session.completed")]
    with installation(buyer):
        in_transaction(lambda: retry_platform_event(event_id))
    work_off(buyer)
    assert buyer.plan() == "growth_v1"
    with pytest.raises(Conflict), installation(buyer):
        in_transaction(lambda: retry_platform_event(event_id))


def test_webhooks_whose_job_was_lost_are_announced_again(buyer):
    buyer.paid()
    buyer.shop.standin.deliver_pending()
    with installation(buyer):
        assert in_transaction(announce_waiting) == 0
        with clock.moved_to(clock.now() + timedelta(minutes=20)):
            assert in_transaction(announce_waiting) == len(stored(buyer, "new"))


def test_the_page_keeps_to_its_statements(buyer, query_counter):
    buyer.paid()
    buyer.come_back()
    with query_counter() as sent:
        buyer.page()
    assert len(sent) <= 15


def test_without_keys_nothing_of_stripe_is_on_the_page(client):
    page = client.get("/settings/plan").get_data(as_text=True)
    assert "Manage billing" not in page
    assert "Invoices of the subscription" not in page
    assert client.get("/settings/plan/purchases/done").status_code == 302
    assert "Ask for Scale" in client.get("/settings/plan/changes/new?plan=scale_v1").get_data(as_text=True)
