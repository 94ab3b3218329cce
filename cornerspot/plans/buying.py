"""Buying a plan, and changing what was bought: more at once, less when the paid period ends.

Each step that calls the processor runs outside of a transaction; our copy is never written
here, but read anew afterwards by ``sync_plan``, so that it says what the processor says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from cornerspot.activity.recording import record
from cornerspot.db.transaction import in_transaction
from cornerspot.kit import clock
from cornerspot.kit.errors import Conflict, Invalid
from cornerspot.kit.money import Money
from cornerspot.payments.connecting import explain
from cornerspot.payments.provider import ProviderError
from cornerspot.payments.stripe_plans import (
    PlanInvoice,
    PlanPrice,
    PlanSubscription,
    StripePlans,
    page_request,
    plan_shop,
)
from cornerspot.people.actors import Actor
from cornerspot.people.permissions import Permission
from cornerspot.plans.assigning import locked_team_plan, team_plan_of_scope
from cornerspot.plans.bought import runs
from cornerspot.plans.catalog import PLANS, PlanVersion
from cornerspot.plans.changing import LimitsExceeded, PlanChange, Way, preview_change
from cornerspot.plans.entitlements import entitlements
from cornerspot.plans.syncing import sync_plan
from cornerspot.tenancy import current_team

PAGE_LASTS = timedelta(minutes=60)
SHORTEST_TRIAL = timedelta(hours=49)  # Stripe takes no trial that ends within 48 hours.

log = structlog.get_logger("cornerspot.plans")


class AlreadyBought(Conflict):
    """This team has a subscription already: change it here, or open Manage billing."""


class NotOnSale(Conflict):
    """This plan cannot be bought at the moment. Ask whoever runs Cornerspot for you."""


class NothingBought(Conflict):
    """There is no subscription to change."""


@dataclass(frozen=True)
class _Order:
    """What a team wants to buy, and as whom."""

    plan: PlanVersion
    customer_id: str | None
    trial_ends_at: datetime | None


def begin_purchase(plan_key: str, *, by: Actor, success_url: str, cancel_url: str) -> str:
    """The address of the page to pay the plan on; pages opened before take no payment any more.

    Runs transactions of its own. Raises PermissionDenied, Invalid, AlreadyBought, NotOnSale,
    Conflict when the processor refuses or does not answer.
    """
    by.require(Permission.CHANGE_PLAN)
    order = in_transaction(lambda: _order(plan_key))
    with _told_to_people():
        shop = plan_shop()
        customer_id = order.customer_id or _new_customer(shop, by)
        shop.close_open_pages(customer_id)
        sync_plan()  # Somebody may have paid on another page just now.
        order = in_transaction(lambda: _order(plan_key))
        request = page_request(
            customer_id=customer_id,
            team_id=str(current_team().id),
            plan_key=order.plan.key,
            price=_price(shop, order.plan),
            trial_ends_at=order.trial_ends_at,
            expires_at=clock.now() + PAGE_LASTS,
            success_url=success_url,
            cancel_url=cancel_url,
        )
        page = shop.open_page(request)
        older = in_transaction(lambda: _keep_page(page.id))
        if older and shop.close_page(older).status == "complete":
            shop.close_page(page.id)
            sync_plan()
            raise AlreadyBought()
    return page.url


def change_bought_plan(plan_key: str, *, by: Actor) -> PlanChange:
    """A dearer plan is had and charged at once; a cheaper one follows when the paid period ends.

    Runs transactions of its own. Raises PermissionDenied, Invalid, LimitsExceeded, NothingBought,
    Conflict when the processor refuses, such as the charge, or does not answer.
    """
    by.require(Permission.CHANGE_PLAN)
    with _told_to_people():
        sync_plan()
        change = in_transaction(lambda: _require_change(plan_key))
        shop, held = _held()
        if change.way is Way.SWITCH:
            _switch(shop, held, change)
        elif change.target.price_minor:
            shop.renew_as(held, _price(shop, change.target), paid_plan_key=change.current.key)
            if held.cancels:
                shop.set_ending(held, False)
        else:
            shop.set_ending(held, True)
        sync_plan()
    in_transaction(lambda: _note_change(change, by))
    return change


def keep_bought_plan(*, by: Actor) -> None:
    """The subscription goes on as it is: a downgrade or an end that waited is taken back.

    Runs transactions of its own. Raises PermissionDenied, NothingBought, Conflict.
    """
    by.require(Permission.CHANGE_PLAN)
    with _told_to_people():
        sync_plan()
        shop, held = _held()
        if held.cancels:
            shop.set_ending(held, False)
        if held.paid_plan_key in PLANS:
            shop.renew_as(held, _price(shop, PLANS[held.paid_plan_key]), paid_plan_key="")
        sync_plan()
    in_transaction(lambda: record(team_plan_of_scope(), "downgrade_cancelled", by=by))


def manage_billing(*, by: Actor, return_url: str) -> str:
    """Where the owner sees to cards and invoices, for a few minutes. Raises NothingBought, Conflict."""
    by.require(Permission.CHANGE_PLAN)
    customer_id = in_transaction(lambda: team_plan_of_scope().customer_id)
    if customer_id is None:
        raise NothingBought()
    with _told_to_people():
        return plan_shop().portal_url(customer_id, return_url=return_url)


def invoices_of_plan() -> list[PlanInvoice] | None:
    """The newest invoices of the team's subscriptions, read now; None when the processor does not answer in seconds."""
    customer_id = in_transaction(lambda: team_plan_of_scope().customer_id)
    if customer_id is None:
        return []
    try:
        return plan_shop(hurried=True).invoices_of(customer_id)
    except ProviderError as error:
        log.warning("plan_invoices_unread", code=error.code)
        return None


def trial_left(plan: PlanVersion) -> datetime | None:
    """When the first payment is due for a team whose trial still runs and included as much; None is now."""
    answers = entitlements()
    trial, ends_at = answers.trial_plan, answers.trial_ends_at
    if trial is None or ends_at is None or not plan.features <= trial.features:
        return None
    return ends_at if ends_at - clock.now() >= SHORTEST_TRIAL else None


def _order(plan_key: str) -> _Order:
    """What is to be bought; raises Invalid for what is no upgrade, AlreadyBought."""
    team_plan = locked_team_plan()
    if runs(team_plan):
        raise AlreadyBought()
    change = preview_change(plan_key)
    if change.way is not Way.BUY:
        raise Invalid(f"{change.target.name} cannot be bought.", field="plan_key")
    return _Order(change.target, team_plan.customer_id, trial_left(change.target))


def _new_customer(shop: StripePlans, by: Actor) -> str:
    """The team is a customer of ours, once: whoever is second takes what the first has kept."""
    team = current_team()
    asked = hashlib.sha256(f"{team.name}\n{by.email}".encode()).hexdigest()[:16]
    made = shop.create_customer(name=team.name, email=by.email, team_id=str(team.id), key=f"plans:{team.id}:{asked}")
    return in_transaction(lambda: _keep_customer(made))


def _keep_customer(customer_id: str) -> str:
    team_plan = locked_team_plan()
    team_plan.customer_id = team_plan.customer_id or customer_id
    return team_plan.customer_id


def _keep_page(page_id: str) -> str | None:
    """The page is the one that counts; the one that did before, which another tab may show."""
    team_plan = locked_team_plan()
    older, team_plan.checkout_id = team_plan.checkout_id, page_id
    return older


def _price(shop: StripePlans, plan: PlanVersion) -> PlanPrice:
    """The plan's price, which is what our page says; raises NotOnSale."""
    price = shop.price_of(plan.key)
    if price is None or price.amount != Money(plan.price_minor, plan.currency):
        log.error("plan_not_on_sale", plan=plan.key, hint="run: cornerspot plan prices")
        raise NotOnSale()
    return price


def _require_change(plan_key: str) -> PlanChange:
    change = preview_change(plan_key)
    if change.way not in (Way.SWITCH, Way.RENEW):
        raise NothingBought()
    if change.is_blocked and change.way is Way.RENEW:
        raise LimitsExceeded(change.target, change.exceeded)
    return change


def _held() -> tuple[StripePlans, PlanSubscription]:
    """The subscription that our copy is of, as it stands now; raises NothingBought."""
    customer_id, bought_id = in_transaction(_names)
    if customer_id is None or bought_id is None:
        raise NothingBought()
    shop = plan_shop()
    for each in shop.subscriptions_of(customer_id):
        if each.id == bought_id:
            return shop, each
    raise NothingBought()


def _names() -> tuple[str | None, str | None]:
    team_plan = team_plan_of_scope()
    return team_plan.customer_id, team_plan.bought_id


def _switch(shop: StripePlans, held: PlanSubscription, change: PlanChange) -> None:
    if held.paid_plan_key in PLANS:  # What is left of the period is credited at the price that was paid for it.
        shop.renew_as(held, _price(shop, PLANS[held.paid_plan_key]), paid_plan_key="")
    shop.put_plan(held, _price(shop, change.target))
    if held.cancels:
        shop.set_ending(held, False)


def _note_change(change: PlanChange, by: Actor) -> None:
    event = "upgraded" if change.way is Way.SWITCH else "downgrade_scheduled"
    record(team_plan_of_scope(), event, by=by, plan=change.target.key)


@contextmanager
def _told_to_people() -> Iterator[None]:
    try:
        yield
    except ProviderError as error:
        raise Conflict(explain(error)) from error
