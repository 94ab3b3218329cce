"""Plans that teams buy: the payment page, what the subscription gives, changes, and who wins."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cornerspot.db.transaction import in_transaction
from cornerspot.kit import clock
from cornerspot.kit.errors import Conflict, Invalid, PermissionDenied
from cornerspot.people.actors import Actor
from cornerspot.plans.assigning import assign_plan
from cornerspot.plans.buying import (
    AlreadyBought,
    NothingBought,
    NotOnSale,
    begin_purchase,
    change_bought_plan,
    invoices_of_plan,
    keep_bought_plan,
    manage_billing,
)
from cornerspot.plans.changing import LimitsExceeded, Way, preview_change, request_plan, schedule_downgrade
from cornerspot.plans.entitlements import Answer, entitlements
from cornerspot.plans.features import Feature
from cornerspot.plans.overriding import grant_feature, revoke_feature
from cornerspot.plans.syncing import sync_plan
from tests.contracts.judge import excused
from tests.factories.plan_shop import AWAY, BACK, FAILS_LATER, copy_of_plan, plan_now, selling_plans

OPERATOR = Actor(kind="operator", name="Olga Operator")


@pytest.fixture
def owner(team, story):
    in_transaction(lambda: assign_plan("free_v1", end_trial=True))
    return story.owner


@pytest.fixture
def shop(owner):
    with selling_plans() as made:
        yield made


def begin_trial() -> None:
    team_plan = assign_plan("free_v1")
    team_plan.trial_plan_key, team_plan.trial_ends_at = "growth_v1", clock.now() + timedelta(days=10)


def way_to(plan_key: str) -> Way:
    return in_transaction(lambda: preview_change(plan_key).way)


def test_a_plan_is_had_once_it_is_paid(shop, owner, team):
    page = shop.open("growth_v1", owner)
    sync_plan()
    assert plan_now() == "free_v1"
    shop.standin.pay_with_card(page)
    sync_plan()
    assert plan_now() == "growth_v1"
    (sold,) = shop.subscriptions()
    assert (sold["metadata"], sold["status"]) == ({"team": str(team.id)}, "active")
    assert copy_of_plan().bought_until.timestamp() == sold["items"]["data"][0]["current_period_end"]


def test_the_page_names_the_team_and_comes_back_here(shop, owner, team):
    shop.open("growth_v1", owner)
    (page,) = shop.pages("open")
    assert page["client_reference_id"] == str(team.id)
    assert page["success_url"] == BACK + "?session_id={CHECKOUT_SESSION_ID}"
    assert page["cancel_url"] == AWAY
    assert page["amount_total"] == 7900


def test_what_is_left_of_the_trial_comes_before_the_first_payment(team, story):
    with selling_plans() as shop:
        in_transaction(begin_trial)
        shop.buy("growth_v1", story.owner)
        assert copy_of_plan().bought_status == "trialing"
        assert plan_now() == "growth_v1"
        assert shop.standin.money_moved(shop.platform) == {}


def test_a_used_trial_is_not_given_again(shop, owner):
    shop.buy("growth_v1", owner)
    assert copy_of_plan().bought_status == "active"


def test_a_second_page_closes_the_first(shop, owner):
    first, second = shop.open("growth_v1", owner), shop.open("scale_v1", owner)
    assert [page["id"] for page in shop.pages("open")] == [second]
    assert [page["id"] for page in shop.pages("expired")] == [first]


def test_nobody_buys_twice_even_before_we_heard_of_the_first(shop, owner):
    shop.standin.pay_with_card(shop.open("growth_v1", owner))
    with pytest.raises(AlreadyBought):
        shop.open("scale_v1", owner)
    assert len(shop.subscriptions()) == 1
    assert plan_now() == "growth_v1"


def test_one_team_is_one_customer(shop, owner):
    shop.open("growth_v1", owner)
    shop.open("growth_v1", owner)
    assert len(shop.standin.objects(shop.platform, "customer")) == 1


def test_only_an_owner_buys(shop, story):
    admin = story.add_teammate("admin")
    with pytest.raises(PermissionDenied):
        begin_purchase("growth_v1", by=admin, success_url=BACK, cancel_url=AWAY)


@pytest.mark.parametrize("plan_key", ["free_v1", "platinum_v9"])
def test_what_is_no_upgrade_cannot_be_bought(shop, owner, plan_key):
    with pytest.raises(Invalid):
        shop.open(plan_key, owner)


def test_a_price_that_is_not_the_one_shown_is_not_charged(shop, owner):
    price = next(each for each in shop.standin.objects(shop.platform, "price") if each["lookup_key"] == "growth_v1")
    price["unit_amount"] = 9900
    with pytest.raises(NotOnSale):
        shop.open("growth_v1", owner)
    assert shop.pages("open") == []


def test_more_is_had_at_once(shop, owner):
    shop.buy("billing_v1", owner)
    assert way_to("growth_v1") is Way.SWITCH
    change_bought_plan("growth_v1", by=owner)
    assert plan_now() == "growth_v1"
    assert len(shop.subscriptions()) == 1


def test_less_is_had_when_the_paid_period_ends(shop, owner):
    shop.buy("growth_v1", owner)
    ends_at = copy_of_plan().bought_until
    assert change_bought_plan("billing_v1", by=owner).happens_at == ends_at
    assert plan_now() == "growth_v1"
    assert copy_of_plan().bought_next_plan_key == "billing_v1"
    sync_plan()
    assert plan_now() == "growth_v1"
    with clock.moved_to(ends_at + timedelta(minutes=1)):
        assert plan_now() == "billing_v1"
    shop.standin.advance(timedelta(days=31))
    sync_plan()
    assert plan_now() == "billing_v1"
    assert copy_of_plan().bought_next_plan_key is None
    totals = [invoice["total"] for invoice in shop.standin.objects(shop.platform, "invoice")]
    assert totals == [7900, 2900]


def test_a_downgrade_is_taken_back(shop, owner):
    shop.buy("growth_v1", owner)
    change_bought_plan("billing_v1", by=owner)
    keep_bought_plan(by=owner)
    assert copy_of_plan().bought_next_plan_key is None
    shop.standin.advance(timedelta(days=32))
    sync_plan()
    assert copy_of_plan().bought_plan_key == "growth_v1"
    assert [invoice["total"] for invoice in shop.standin.objects(shop.platform, "invoice")] == [7900, 7900]


def test_moving_to_free_ends_the_subscription_with_its_period(shop, owner):
    shop.buy("billing_v1", owner)
    change_bought_plan("free_v1", by=owner)
    assert (plan_now(), copy_of_plan().bought_ends) == ("billing_v1", True)
    with clock.moved_to(copy_of_plan().bought_until):
        assert plan_now() == "free_v1"
    shop.standin.advance(timedelta(days=32))
    sync_plan()
    assert (plan_now(), copy_of_plan().bought_status) == ("free_v1", "canceled")


def test_an_end_is_taken_back(shop, owner):
    shop.buy("billing_v1", owner)
    change_bought_plan("free_v1", by=owner)
    keep_bought_plan(by=owner)
    assert copy_of_plan().bought_ends is False


def test_an_upgrade_ends_a_downgrade_that_waited(shop, owner):
    shop.buy("growth_v1", owner)
    change_bought_plan("billing_v1", by=owner)
    change_bought_plan("scale_v1", by=owner)
    kept = copy_of_plan()
    assert (plan_now(), kept.bought_next_plan_key) == ("scale_v1", None)
    assert shop.subscriptions()[0]["metadata"].keys() == {"team"}


def test_a_downgrade_beyond_the_limits_changes_nothing(shop, owner, story):
    shop.buy("growth_v1", owner)
    for role in ("rep", "manager"):
        story.add_teammate(role)
    with pytest.raises(LimitsExceeded) as refused:
        change_bought_plan("free_v1", by=owner)
    assert refused.value.exceeded[0].used == 3
    assert copy_of_plan().bought_ends is False


def test_a_bought_plan_does_not_wait_for_the_month(shop, owner):
    shop.buy("growth_v1", owner)
    with pytest.raises(Conflict):
        in_transaction(lambda: schedule_downgrade("billing_v1", by=owner))


def test_a_late_payment_costs_the_plan_after_fourteen_days(shop, owner):
    shop.buy("growth_v1", owner, card=FAILS_LATER)
    shop.standin.advance(timedelta(days=31))
    sync_plan()
    late = copy_of_plan()
    assert (plan_now(), late.bought_status) == ("growth_v1", "past_due")
    assert way_to("scale_v1") is Way.MEND
    with clock.moved_to(late.past_due_since + timedelta(days=13, hours=23)):
        assert plan_now() == "growth_v1"
    with clock.moved_to(late.past_due_since + timedelta(days=14)):
        assert plan_now() == "free_v1"
        sync_plan()
        assert copy_of_plan().past_due_since == late.past_due_since


def test_another_card_gives_the_plan_back(shop, owner):
    bought = shop.buy("growth_v1", owner, card=FAILS_LATER)
    shop.standin.advance(timedelta(days=46))
    sync_plan()
    assert (plan_now(), copy_of_plan().bought_status) == ("free_v1", "unpaid")
    shop.standin.put_card(bought, "4242424242424242")
    sync_plan()
    assert (plan_now(), copy_of_plan().past_due_since) == ("growth_v1", None)


@pytest.mark.parametrize(
    ("status", "plan"),
    [
        ("trialing", "growth_v1"),
        ("active", "growth_v1"),
        ("past_due", "growth_v1"),
        ("unpaid", "free_v1"),
        ("paused", "free_v1"),
        ("incomplete", "free_v1"),
        ("canceled", "free_v1"),
        ("incomplete_expired", "free_v1"),
        ("some_new_word", "free_v1"),
    ],
)
def test_what_each_state_gives(shop, owner, status, plan):
    bought = shop.buy("growth_v1", owner)
    shop.set_status(bought, status)
    with excused("Stripe may invent states"):
        sync_plan()
    assert plan_now() == plan


def test_a_price_that_is_no_plan_gives_nothing(shop, owner):
    shop.buy("growth_v1", owner)
    price = shop.subscriptions()[0]["items"]["data"][0]["price"]
    price.update(lookup_key=None, metadata={})
    sync_plan()
    assert (plan_now(), copy_of_plan().bought_plan_key) == ("free_v1", None)


def test_two_that_run_are_seen(shop, owner):
    shop.buy("growth_v1", owner)
    first = shop.subscriptions()[0]
    shop.standin.world.put(shop.platform, {**first, "id": "sub_second", "created": first["created"] + 5})
    sync_plan()
    kept = copy_of_plan()
    assert (kept.bought_id, kept.bought_extra) == (first["id"], 1)


def test_what_is_bought_replaces_what_was_assigned_before(shop, owner):
    in_transaction(lambda: assign_plan("billing_v1", by=OPERATOR))
    assert way_to("growth_v1") is Way.BUY
    shop.buy("growth_v1", owner)
    assert (plan_now(), copy_of_plan().plan_key) == ("growth_v1", "free_v1")


def test_what_is_assigned_after_a_purchase_wins_until_free_is_assigned(shop, owner):
    shop.buy("growth_v1", owner)
    with clock.moved_to(clock.now() + timedelta(minutes=5)):
        in_transaction(lambda: assign_plan("scale_v1", by=OPERATOR))
        sync_plan()
        assert plan_now() == "scale_v1"
        assert way_to("growth_v1") is Way.WAIT
        in_transaction(lambda: assign_plan("free_v1", by=OPERATOR))
        sync_plan()
        assert plan_now() == "growth_v1"


def test_an_operators_exceptions_win_over_what_is_bought(shop, owner):
    shop.buy("growth_v1", owner)
    in_transaction(lambda: grant_feature(Feature.SSO, reason="A pilot.", by=OPERATOR))
    in_transaction(lambda: revoke_feature(Feature.SUBSCRIPTIONS, reason="Not ready.", by=OPERATOR))
    sync_plan()
    answers = in_transaction(entitlements)
    assert answers.answer(Feature.SSO) is Answer.YES
    assert answers.answer(Feature.SUBSCRIPTIONS) is Answer.NOT_IN_PLAN


def test_a_request_is_answered_by_buying(owner):
    in_transaction(lambda: request_plan("growth_v1", by=owner))
    with selling_plans() as shop:
        shop.buy("growth_v1", owner)
    assert copy_of_plan().requested_plan_key is None


def test_without_keys_the_operators_are_asked(owner):
    assert way_to("growth_v1") is Way.ASK
    with pytest.raises(Invalid):
        begin_purchase("growth_v1", by=owner, success_url=BACK, cancel_url=AWAY)


def test_without_keys_what_was_bought_is_still_had(owner):
    with selling_plans() as shop:
        shop.buy("growth_v1", owner)
    assert plan_now() == "growth_v1"
    assert way_to("scale_v1") is Way.MEND


def test_the_billing_portal_is_opened_for_the_team(shop, owner):
    with pytest.raises(NothingBought):
        manage_billing(by=owner, return_url=AWAY)
    shop.buy("growth_v1", owner)
    manage_billing(by=owner, return_url=AWAY)
    (opened,) = shop.standin.objects(shop.platform, "billing_portal.session")
    assert (opened["customer"], opened["return_url"]) == (copy_of_plan().customer_id, AWAY)


def test_invoices_are_read_when_they_are_asked_for(shop, owner):
    assert invoices_of_plan() == []
    shop.buy("growth_v1", owner)
    (invoice,) = invoices_of_plan()
    assert (invoice.total.minor, invoice.status) == (7900, "paid")
