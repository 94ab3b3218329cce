"""Selling plans on the platform's own Stripe account: customers, payment pages, subscriptions, the billing portal.

Everything is read anew where it counts; what a plan is called here is in the metadata of its
price. Calls go out outside of a database transaction. Raises ProviderError.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cornerspot.kit.money import Money
from cornerspot.payments.provider import ProviderRefused
from cornerspot.payments.stripe_amounts import from_stripe
from cornerspot.payments.stripe_calls import failures_told_apart, stripe_client
from cornerspot.payments.stripe_reading import moment
from cornerspot.settings import current_settings

# What a subscription may be in. Any other word is unknown and gives nothing.
FULL = frozenset({"trialing", "active"})
LATE = "past_due"
STOPPED = frozenset({"unpaid", "paused", "incomplete"})
OVER = frozenset({"canceled", "incomplete_expired"})

PLAN, TEAM, PAID_PLAN, PAID_UNTIL = "plan", "team", "paid_plan", "paid_until"  # our keys in metadata
PORTAL_NAME = "cornerspot_plans"
MOST_INVOICES = 12
PAGE = 100


@dataclass(frozen=True)
class PlanSubscription:
    """A subscription as Stripe describes it. ``plan_key`` "" is a price that is no plan of ours.

    ``paid_plan_key`` is the plan paid for until ``paid_until``, where the next period has a cheaper one.
    """

    id: str
    item_id: str
    status: str
    plan_key: str
    period_ends_at: datetime
    cancels: bool
    created_at: datetime
    paid_plan_key: str = ""
    paid_until: datetime | None = None


@dataclass(frozen=True)
class PlanPrice:
    """What a plan costs a month at Stripe."""

    id: str
    amount: Money


@dataclass(frozen=True)
class PlanInvoice:
    """An invoice of the subscription; its pages are Stripe's."""

    number: str
    issued_at: datetime
    total: Money
    status: str
    page_url: str
    pdf_url: str


@dataclass(frozen=True)
class PlanPage:
    """A payment page: where it is, and what became of it (``open``, ``complete``, ``expired``)."""

    id: str
    status: str
    url: str


def sells_plans() -> bool:
    """Whether this installation sells plans: it has a key, and hears what becomes of what it sells."""
    settings = current_settings()
    return bool(settings.stripe_key and settings.stripe_plans_secret)


def plan_shop(*, hurried: bool = False) -> StripePlans:
    """The adapter for the platform's account; ``hurried`` gives up after some seconds, for a page that can do without.

    Raises ProviderRefused when the installation has no key.
    """
    key = current_settings().stripe_key
    if not key:
        raise ProviderRefused("This installation has no Stripe account.", code="not_set_up")
    return StripePlans(stripe_client(key, retries=0, hurried=True) if hurried else stripe_client(key))


class StripePlans:
    """Plans on the platform's account."""

    def __init__(self, client: Any) -> None:
        self._v1 = client.v1

    def create_customer(self, *, name: str, email: str, team_id: str, key: str) -> str:
        """The team is a customer; its id."""
        params: dict[str, Any] = {"name": name[:256], "metadata": {TEAM: team_id}}
        if email:
            params["email"] = email
        with failures_told_apart():
            return str(_plain(self._v1.customers.create(params, {"idempotency_key": key}))["id"])

    def team_of(self, customer_id: str) -> str:
        """The id of the team that is this customer, "" for a customer that we did not make."""
        try:
            with failures_told_apart():
                customer = _plain(self._v1.customers.retrieve(customer_id))
        except ProviderRefused as refusal:
            if refusal.code == "resource_missing":
                return ""
            raise
        return str((customer.get("metadata") or {}).get(TEAM) or "")

    def subscriptions_of(self, customer_id: str) -> list[PlanSubscription]:
        """Every subscription that the customer ever had, the oldest first."""
        found = self._all(self._v1.subscriptions.list, {"customer": customer_id, "status": "all"})
        with failures_told_apart():
            read = [_subscription(each) for each in found]
        return sorted(read, key=lambda each: (each.created_at, each.id))

    def price_of(self, plan_key: str) -> PlanPrice | None:
        """The price that the plan is sold at now."""
        with failures_told_apart():
            found = self._v1.prices.list({"lookup_keys": [plan_key], "active": True}).data
            prices = [_plain(each) for each in found]
            return _price(prices[0]) if prices else None

    def close_open_pages(self, customer_id: str) -> None:
        """Nobody can pay on a page that was opened for the customer before."""
        filters = {"customer": customer_id, "status": "open"}
        for each in list(self._all(self._v1.checkout.sessions.list, filters)):
            self.close_page(each["id"])

    def close_page(self, page_id: str) -> PlanPage:
        """The page takes no payment any more; when somebody was quicker, it says so."""
        try:
            with failures_told_apart():
                return _page(_plain(self._v1.checkout.sessions.expire(page_id)))
        except ProviderRefused:
            with failures_told_apart():
                found = _page(_plain(self._v1.checkout.sessions.retrieve(page_id)))
            if found.status == "open":
                raise
            return found

    def open_page(self, request: Mapping[str, Any]) -> PlanPage:
        """A page on which the plan can be paid; see ``page_request``."""
        with failures_told_apart():
            return _page(_plain(self._v1.checkout.sessions.create(dict(request))))

    def put_plan(self, held: PlanSubscription, price: PlanPrice) -> None:
        """The subscription has this plan now and the difference is paid at once; nothing changes when that fails."""
        self._change(
            held,
            {
                "items": [{"id": held.item_id, "price": price.id}],
                "metadata": {PAID_PLAN: "", PAID_UNTIL: ""},
                "proration_behavior": "always_invoice",
                "payment_behavior": "error_if_incomplete",
            },
        )

    def renew_as(self, held: PlanSubscription, price: PlanPrice, *, paid_plan_key: str) -> None:
        """The next period has this plan, without a charge or a refund for the running one, which keeps what was paid.

        With ``paid_plan_key`` "" nothing was paid that differs: it goes on as this plan.
        """
        until = str(int(held.period_ends_at.timestamp())) if paid_plan_key else ""
        self._change(
            held,
            {
                "items": [{"id": held.item_id, "price": price.id}],
                "metadata": {PAID_PLAN: paid_plan_key, PAID_UNTIL: until},
                "proration_behavior": "none",
            },
        )

    def set_ending(self, held: PlanSubscription, ends: bool) -> None:
        """The subscription ends with the running period, or goes on."""
        self._change(held, {"cancel_at_period_end": ends})

    def portal_url(self, customer_id: str, *, return_url: str) -> str:
        """Where the customer looks after cards and invoices now; it works for minutes and is never stored."""
        params: dict[str, Any] = {"customer": customer_id, "return_url": return_url}
        with failures_told_apart():
            configurations = self._v1.billing_portal.configurations.list({"active": True, "limit": PAGE}).data
            ours = [each["id"] for each in map(_plain, configurations) if is_portal_of_plans(each)]
            if ours:
                params["configuration"] = ours[0]
            return str(_plain(self._v1.billing_portal.sessions.create(params))["url"])

    def invoices_of(self, customer_id: str) -> list[PlanInvoice]:
        """The customer's invoices, the newest first, no drafts."""
        with failures_told_apart():
            found = self._v1.invoices.list({"customer": customer_id, "limit": MOST_INVOICES}).data
            return [_invoice(each) for each in map(_plain, found) if each["status"] != "draft"]

    def _change(self, held: PlanSubscription, params: dict[str, Any]) -> None:
        with failures_told_apart():
            self._v1.subscriptions.update(held.id, params)

    def _all(self, listing: Callable[..., Any], filters: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        with failures_told_apart():
            found = iter(listing({**filters, "limit": PAGE}).auto_paging_iter())
        while True:
            with failures_told_apart():
                item = next(found, None)
                if item is None:
                    return
                plain = _plain(item)
            yield plain


def page_request(
    *,
    customer_id: str,
    team_id: str,
    plan_key: str,
    price: PlanPrice,
    trial_ends_at: datetime | None,
    expires_at: datetime,
    success_url: str,
    cancel_url: str,
) -> dict[str, Any]:
    """What a payment page for a plan is asked for with. ``success_url`` is given the page's id on the way back."""
    metadata = {TEAM: team_id, PLAN: plan_key}
    sold: dict[str, Any] = {"metadata": {TEAM: team_id}}
    if trial_ends_at is not None:
        sold["trial_end"] = int(trial_ends_at.timestamp())
    return {
        "mode": "subscription",
        "customer": customer_id,
        "client_reference_id": team_id,
        "line_items": [{"price": price.id, "quantity": 1}],
        "metadata": metadata,
        "subscription_data": sold,
        "expires_at": int(expires_at.timestamp()),
        "success_url": f"{success_url}?session_id={{CHECKOUT_SESSION_ID}}",
        "cancel_url": cancel_url,
    }


def customer_of_event(event: Any) -> str:
    """The customer that an event names, "" when it names none; what happened is to be read."""
    try:
        named = event["data"]["object"].get("customer")
    except (KeyError, TypeError, AttributeError):
        return ""
    if isinstance(named, Mapping):
        named = named.get("id")
    return named if isinstance(named, str) else ""


def is_portal_of_plans(configuration: Mapping[str, Any]) -> bool:
    """Whether a configuration of the billing portal is the one made for plans."""
    return (configuration.get("metadata") or {}).get("made_for") == PORTAL_NAME


def _subscription(told: Mapping[str, Any]) -> PlanSubscription:
    item = told["items"]["data"][0]
    metadata = told.get("metadata") or {}
    until = str(metadata.get(PAID_UNTIL) or "")
    return PlanSubscription(
        id=told["id"],
        item_id=item["id"],
        status=str(told["status"]),
        plan_key=_plan_of(item["price"]),
        period_ends_at=moment(item["current_period_end"]),
        cancels=bool(
            told.get("cancel_at_period_end") or 0 < (told.get("cancel_at") or 0) <= item["current_period_end"]
        ),
        created_at=moment(told["created"]),
        paid_plan_key=str(metadata.get(PAID_PLAN) or "") if until.isdigit() else "",
        paid_until=moment(int(until)) if until.isdigit() else None,
    )


def _plan_of(price: Mapping[str, Any]) -> str:
    """By the metadata first: a lookup key moves on to the price that replaces this one."""
    return str((price.get("metadata") or {}).get(PLAN) or price.get("lookup_key") or "")


def _price(told: Mapping[str, Any]) -> PlanPrice:
    return PlanPrice(told["id"], from_stripe(told["unit_amount"], told["currency"]))


def _page(told: Mapping[str, Any]) -> PlanPage:
    return PlanPage(told["id"], str(told["status"]), str(told.get("url") or ""))


def _invoice(told: Mapping[str, Any]) -> PlanInvoice:
    return PlanInvoice(
        number=str(told.get("number") or ""),
        issued_at=moment(told["created"]),
        total=from_stripe(told["total"], told["currency"]),
        status=str(told["status"]),
        page_url=str(told.get("hosted_invoice_url") or ""),
        pdf_url=str(told.get("invoice_pdf") or ""),
    )


def _plain(answer: Any) -> dict[str, Any]:
    plain: dict[str, Any] = answer.to_dict(for_json=True)
    return plain
