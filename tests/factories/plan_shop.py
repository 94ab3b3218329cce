"""An installation that sells plans on a stand-in of Stripe's API, and the owner who buys one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cornerspot.db import session
from cornerspot.db.transaction import in_transaction
from cornerspot.kit.money import Money
from cornerspot.payments.standin import StandIn, create_standin
from cornerspot.payments.standin.delivering import Deliver
from cornerspot.payments.standin.transport import StandInTransport
from cornerspot.payments.stripe_calls import calls_through
from cornerspot.payments.stripe_plan_setup import put_portal, put_price
from cornerspot.plans.assigning import team_plan_of_scope
from cornerspot.plans.buying import begin_purchase
from cornerspot.plans.catalog import offered_plans
from cornerspot.plans.entitlements import entitlements
from cornerspot.plans.models import TeamPlan
from cornerspot.plans.syncing import sync_plan
from tests.factories.stripe import settings_with

SECRET = "whsec_of_the_endpoint_for_plans"
CARD, FAILS_LATER = "4242424242424242", "4000000000000341"
BACK, AWAY = "https://team.example/plan/done", "https://team.example/plan"


class PlanShop:
    """The stand-in with the platform's account, and what owners do there."""

    def __init__(self, standin: StandIn) -> None:
        self.standin = standin
        self.platform = standin.open_platform(name="Cornerspot")
        self.key = standin.make_key(self.platform, restricted=False)

    def open(self, plan_key: str, by: Any) -> str:
        """The owner is on a payment page; its id."""
        return begin_purchase(plan_key, by=by, success_url=BACK, cancel_url=AWAY).rpartition("/")[2]

    def buy(self, plan_key: str, by: Any, *, card: str = CARD) -> str:
        """The owner has paid, and our copy says so; the subscription's id."""
        self.standin.pay_with_card(self.open(plan_key, by), card)
        sync_plan()
        return str(self.subscriptions()[-1]["id"])

    def subscriptions(self) -> list[dict[str, Any]]:
        """Every subscription at the stand-in, the oldest first."""
        return list(self.standin.objects(self.platform, "subscription"))

    def pages(self, status: str) -> list[dict[str, Any]]:
        """The payment pages in this state."""
        return [page for page in self.standin.objects(self.platform, "checkout.session") if page["status"] == status]

    def set_status(self, subscription_id: str, status: str) -> None:
        """The subscription is in a state that takes the real Stripe days or another country's card."""
        self.platform.get("subscription", subscription_id)["status"] = status


@contextmanager
def selling_plans(*, secret: str = SECRET, deliver: Deliver | None = None) -> Iterator[PlanShop]:
    """An installation with the platform's keys and prices; every call of the block goes to its stand-in."""
    shop = PlanShop(create_standin(environment="test", deliver=deliver))
    with settings_with(stripe_key=shop.key, stripe_plans_secret=secret), calls_through(StandInTransport(shop.standin)):
        for plan in offered_plans():
            if plan.price_minor:
                put_price(plan.key, name=plan.name, monthly=Money(plan.price_minor, plan.currency))
        put_portal(return_url=AWAY)
        yield shop


def copy_of_plan() -> TeamPlan:
    """The team's row as it is now."""

    def read() -> TeamPlan:
        session.expire_all()
        return team_plan_of_scope()

    return in_transaction(read)


def plan_now() -> str:
    """The key of the plan that the team is on."""
    return in_transaction(lambda: entitlements().plan.key)
