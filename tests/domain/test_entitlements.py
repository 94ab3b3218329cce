"""What a team may use: plan, trial, exceptions and switches as one answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cornerspot.db import session
from cornerspot.kit import clock
from cornerspot.kit.errors import FeatureMissing, Invalid, LimitReached, PermissionDenied
from cornerspot.people.actors import SYSTEM, Actor
from cornerspot.plans.assigning import assign_plan, locked_team_plan
from cornerspot.plans.catalog import PLANS
from cornerspot.plans.entitlements import Answer, entitlements, lock_limit, require_below, require_feature
from cornerspot.plans.features import Feature, Limit
from cornerspot.plans.overriding import end_override, grant_feature, live_overrides, revoke_feature, set_limit
from cornerspot.plans.switching import switch_off, switch_on

OPERATOR = Actor(kind="operator", name="Olga Operator")
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def give_trial(plan_key: str, *, ends_at: datetime) -> None:
    team_plan = locked_team_plan()
    team_plan.trial_plan_key, team_plan.trial_ends_at = plan_key, ends_at
    session.flush()


@pytest.mark.parametrize("plan_key", list(PLANS))
@pytest.mark.parametrize("feature", list(Feature))
def test_a_plan_answers_yes_for_exactly_its_features(team, plan_key, feature):
    assign_plan(plan_key, end_trial=True)
    expected = Answer.YES if feature in PLANS[plan_key].features else Answer.NOT_IN_PLAN
    assert entitlements().answer(feature) is expected


@pytest.mark.parametrize("plan_key", list(PLANS))
def test_a_plan_has_exactly_its_limits(team, plan_key):
    assign_plan(plan_key, end_trial=True)
    assert entitlements().limits == {limit: PLANS[plan_key].limits.get(limit) for limit in Limit}


def test_a_trial_adds_its_features_until_the_moment_it_ends(team):
    assign_plan("free_v1")
    give_trial("growth_v1", ends_at=NOW)
    with clock.moved_to(NOW - timedelta(seconds=1)):
        assert entitlements().allows(Feature.BILLING)
        assert entitlements().trial_plan is PLANS["growth_v1"]
    with clock.moved_to(NOW):
        assert entitlements().answer(Feature.BILLING) is Answer.NOT_IN_PLAN
        assert entitlements().trial_plan is None


def test_a_trial_takes_nothing_from_a_better_plan(team):
    assign_plan("scale_v1")
    give_trial("growth_v1", ends_at=NOW)
    with clock.moved_to(NOW - timedelta(days=1)):
        answers = entitlements()
        assert answers.limits[Limit.TEAMMATES] is None
        assert answers.trial_plan is None


def test_a_trial_gives_the_more_generous_limit_of_the_two(team):
    assign_plan("free_v1")
    give_trial("growth_v1", ends_at=NOW)
    with clock.moved_to(NOW - timedelta(days=1)):
        limits = entitlements().limits
    assert limits == {Limit.TEAMMATES: 25, Limit.ACTIVE_DEALS: None, Limit.FINALIZED_INVOICES: None}


def test_a_granted_feature_is_there_until_its_day(team):
    assign_plan("free_v1", end_trial=True)
    with clock.moved_to(NOW):
        grant_feature(Feature.SSO, reason="pilot", ends_at=NOW + timedelta(days=7), by=OPERATOR)
        session.flush()
        assert entitlements().allows(Feature.SSO)
    with clock.moved_to(NOW + timedelta(days=7)):
        assert entitlements().answer(Feature.SSO) is Answer.NOT_IN_PLAN
        assert live_overrides() == []


def test_a_revoked_feature_is_gone_until_the_exception_ends(team):
    override = revoke_feature(Feature.BILLING, reason="dispute", by=OPERATOR)
    session.flush()
    assert entitlements().answer(Feature.BILLING) is Answer.NOT_IN_PLAN
    end_override(override, by=OPERATOR)
    session.flush()
    assert entitlements().answer(Feature.BILLING) is Answer.YES


def test_the_latest_exception_stands_and_an_earlier_one_returns_when_it_ends(team):
    with clock.moved_to(NOW):
        set_limit(Limit.TEAMMATES, 40, reason="agreed", by=OPERATOR)
    with clock.moved_to(NOW + timedelta(hours=1)):
        set_limit(Limit.TEAMMATES, None, reason="fair", ends_at=NOW + timedelta(days=2), by=OPERATOR)
        session.flush()
        assert entitlements().limits[Limit.TEAMMATES] is None
    with clock.moved_to(NOW + timedelta(days=3)):
        assert entitlements().limits[Limit.TEAMMATES] == 40


def test_many_exceptions_and_switches_multiply_to_the_same_answer(team, story):
    for feature in (Feature.SSO, Feature.API, Feature.CUSTOM_DOMAIN, Feature.EINVOICING):
        grant_feature(feature, reason="all in", by=OPERATOR)
    set_limit(Limit.TEAMMATES, 7, reason="small", by=OPERATOR)
    for feature in (Feature.CRM, Feature.SSO, Feature.PORTAL):
        switch_off(feature, by=story.owner)
    session.flush()
    answers = entitlements()
    assert answers.included == frozenset(Feature)
    assert answers.switched_off == {Feature.CRM, Feature.SSO, Feature.PORTAL}
    assert answers.limits[Limit.TEAMMATES] == 7


def test_entitlements_are_one_statement(team, query_counter):
    grant_feature(Feature.SSO, reason="pilot", by=OPERATOR)
    session.commit()
    with query_counter() as sent:
        entitlements()
    assert len(sent) == 1


@pytest.mark.parametrize("role", ["rep", "manager", "admin", "owner"])
def test_no_teammate_can_make_an_exception(team, role):
    teammate = Actor(kind="teammate", role=role)
    for make in (
        lambda: grant_feature(Feature.SSO, reason="please", by=teammate),
        lambda: revoke_feature(Feature.SSO, reason="please", by=teammate),
        lambda: set_limit(Limit.TEAMMATES, 9, reason="please", by=teammate),
        lambda: assign_plan("scale_v1", by=teammate),
    ):
        with pytest.raises(PermissionDenied):
            make()


@pytest.mark.parametrize(
    ("size", "reason", "days"),
    [(-1, "why", None), (2_000_000, "why", None), (5, "  ", None), (5, "x" * 501, None), (5, "why", -1)],
)
def test_an_exception_that_makes_no_sense_is_refused(team, size, reason, days):
    ends_at = clock.now() + timedelta(days=days) if days else None
    with pytest.raises(Invalid):
        set_limit(Limit.TEAMMATES, size, reason=reason, ends_at=ends_at, by=OPERATOR)


def test_a_switch_hides_a_feature_and_says_so(team, story):
    switch_off(Feature.BILLING, by=story.owner)
    switch_off(Feature.BILLING, by=story.owner)
    with pytest.raises(FeatureMissing, match="switched off") as refused:
        require_feature(Feature.BILLING)
    assert refused.value.answer is Answer.SWITCHED_OFF
    switch_on(Feature.BILLING, by=story.owner)
    switch_on(Feature.BILLING, by=story.owner)
    require_feature(Feature.BILLING)


def test_only_features_of_the_plan_can_be_switched_off(team, story):
    assign_plan("free_v1", end_trial=True)
    with pytest.raises(FeatureMissing, match="nothing to switch off"):
        switch_off(Feature.BILLING, by=story.owner)


@pytest.mark.parametrize("role", ["rep", "manager"])
def test_those_below_admin_cannot_switch(team, role):
    teammate = Actor(kind="teammate", role=role)
    with pytest.raises(PermissionDenied):
        switch_off(Feature.BILLING, by=teammate)
    with pytest.raises(PermissionDenied):
        switch_on(Feature.BILLING, by=teammate)


def test_what_a_plan_lacks_comes_before_what_is_switched_off(team, story):
    switch_off(Feature.BILLING, by=story.owner)
    assign_plan("free_v1", end_trial=True)
    assert entitlements().answer(Feature.BILLING) is Answer.NOT_IN_PLAN


@pytest.mark.parametrize(
    ("plan_key", "named"), [("free_v1", "Billing is not"), ("billing_v1", "CRM is not"), ("growth_v1", None)]
)
def test_conversion_says_which_of_its_features_is_missing(team, plan_key, named):
    assign_plan(plan_key, end_trial=True)
    if named is None:
        require_feature(Feature.CRM, Feature.BILLING)
    else:
        with pytest.raises(FeatureMissing, match=named):
            require_feature(Feature.CRM, Feature.BILLING)


def test_a_refusal_names_every_missing_feature(team, story):
    assign_plan("billing_v1", end_trial=True)
    switch_off(Feature.BILLING, by=story.owner)
    with pytest.raises(FeatureMissing, match=r"CRM is not.*Billing is switched off"):
        require_feature(Feature.CRM, Feature.BILLING)


def test_a_limit_has_room_up_to_its_size(team):
    assign_plan("free_v1", end_trial=True)
    size = lock_limit(Limit.TEAMMATES)
    require_below(Limit.TEAMMATES, size=size, used=1)
    with pytest.raises(LimitReached, match="2 teammates"):
        require_below(Limit.TEAMMATES, size=size, used=2)


def test_an_unlimited_team_is_not_locked(team, query_counter):
    assign_plan("scale_v1", end_trial=True)
    session.commit()
    with query_counter() as sent:
        assert lock_limit(Limit.ACTIVE_DEALS) is None
    assert len(sent) == 1


def test_an_unknown_plan_is_refused_with_the_known_ones(team):
    with pytest.raises(Invalid, match="free_v1, billing_v1, growth_v1, scale_v1"):
        assign_plan("gold", by=SYSTEM)
