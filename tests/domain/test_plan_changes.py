"""Moving between plans: what it means, when it happens, what blocks it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from cornerspot.activity.models import ActivityEntry
from cornerspot.db import session
from cornerspot.kit import clock
from cornerspot.kit.errors import Conflict, Invalid, PermissionDenied
from cornerspot.people.actors import Actor
from cornerspot.plans.assigning import assign_plan, locked_team_plan, team_plan_of_scope
from cornerspot.plans.changing import (
    LimitsExceeded,
    apply_due_changes,
    cancel_downgrade,
    end_of_month,
    preview_change,
    request_plan,
    schedule_downgrade,
)
from cornerspot.plans.entitlements import entitlements
from cornerspot.plans.features import Feature, Limit
from cornerspot.plans.standing import TeamSuspended, require_writable, resume_team, suspend_team
from cornerspot.tenancy.models import Team

OPERATOR = Actor(kind="operator", name="Olga Operator")
MID_MARCH = datetime(2026, 3, 10, 12, tzinfo=UTC)
END_OF_MARCH = datetime(2026, 3, 31, 22, tzinfo=UTC)  # midnight in Vienna, in summer time


def events() -> list[str]:
    """What happened to the plan since the story gave the team its own."""
    statement = select(ActivityEntry.event).where(ActivityEntry.subject_type == "team_plan").order_by(ActivityEntry.id)
    return list(session.scalars(statement))[1:]


def test_a_month_ends_at_midnight_in_the_zone_of_the_team(team):
    with clock.moved_to(MID_MARCH):
        assert end_of_month() == END_OF_MARCH
    with clock.moved_to(datetime(2026, 12, 31, 23, 30, tzinfo=UTC)):  # January already, in Vienna
        assert end_of_month() == datetime(2027, 1, 31, 23, tzinfo=UTC)


def test_a_preview_says_what_is_gained_lost_and_when(team):
    assign_plan("free_v1", end_trial=True)
    change = preview_change("billing_v1")
    assert change.gained == [Feature.BILLING, Feature.PORTAL, Feature.ONLINE_PAYMENTS]
    assert change.lost == [Feature.CRM]
    assert (Limit.TEAMMATES, 2, 5) in change.limits
    assert change.is_upgrade
    assert change.happens_at is None


def test_a_downgrade_happens_when_the_month_ends_and_not_before(team, story):
    with clock.moved_to(MID_MARCH):
        assert schedule_downgrade("free_v1", by=story.owner).happens_at == END_OF_MARCH
    with clock.moved_to(END_OF_MARCH - timedelta(seconds=1)):
        assert apply_due_changes() == []
        assert entitlements().plan.key == "growth_v1"
    with clock.moved_to(END_OF_MARCH):
        assert entitlements().plan.key == "free_v1", "the answer does not wait for the schedule"
        assert apply_due_changes() == ["changed"]
        assert apply_due_changes() == []
        assert team_plan_of_scope().plan_key == "free_v1"
    assert events() == ["downgrade_scheduled", "changed"]


def test_a_downgrade_can_be_taken_back(team, story):
    schedule_downgrade("free_v1", by=story.owner)
    cancel_downgrade(by=story.owner)
    with clock.moved_to(end_of_month() + timedelta(days=40)):
        assert apply_due_changes() == []
        assert entitlements().plan.key == "growth_v1"
    with pytest.raises(Conflict, match="No change"):
        cancel_downgrade(by=story.owner)


def test_a_plan_from_an_operator_replaces_what_waited(team, story):
    schedule_downgrade("free_v1", by=story.owner)
    assign_plan("scale_v1", by=OPERATOR)
    assert team_plan_of_scope().next_plan_key is None


def test_a_downgrade_is_blocked_by_every_limit_it_would_exceed(story):
    for role in ("rep", "manager", "admin"):
        story.add_teammate(role)
    from cornerspot.tenancy import team_scope

    with story.app.app_context(), team_scope(story.team):
        with pytest.raises(LimitsExceeded, match="Free allows 2 teammates, and you have 4") as refused:
            schedule_downgrade("free_v1", by=story.owner)
        assert [(each.limit, each.over_by) for each in refused.value.exceeded] == [(Limit.TEAMMATES, 2)]


def test_a_dearer_plan_is_asked_for_and_not_taken(team, story):
    with pytest.raises(Invalid, match="ask for it"):
        schedule_downgrade("scale_v1", by=story.owner)
    request_plan("scale_v1", by=story.owner)
    assert team_plan_of_scope().requested_plan_key == "scale_v1"
    assign_plan("scale_v1", by=OPERATOR)
    assert team_plan_of_scope().requested_plan_key is None
    assert events() == ["requested", "changed"]


def test_a_cheaper_plan_needs_no_asking(team, story):
    with pytest.raises(Invalid, match="yourself"):
        request_plan("free_v1", by=story.owner)


@pytest.mark.parametrize("role", ["rep", "manager", "admin"])
def test_only_the_owner_decides_about_the_plan(team, role):
    teammate = Actor(kind="teammate", role=role)
    for decide in (
        lambda: schedule_downgrade("free_v1", by=teammate),
        lambda: request_plan("scale_v1", by=teammate),
        lambda: cancel_downgrade(by=teammate),
    ):
        with pytest.raises(PermissionDenied):
            decide()


def test_a_trial_that_ended_is_noted_once(team):
    assign_plan("free_v1")
    plan = locked_team_plan()
    plan.trial_plan_key, plan.trial_ends_at = "growth_v1", MID_MARCH
    session.flush()
    with clock.moved_to(MID_MARCH - timedelta(seconds=1)):
        assert apply_due_changes() == []
    with clock.moved_to(MID_MARCH):
        assert apply_due_changes() == ["trial_ended"]
        assert apply_due_changes() == []


def test_a_suspended_team_may_not_write_until_it_is_resumed(team):
    suspend_team(by=OPERATOR, reason="unpaid since May")
    session.flush()
    row = session.get(Team, team.id)
    with pytest.raises(TeamSuspended):
        require_writable(row.snapshot())
    with pytest.raises(Conflict, match="already"):
        suspend_team(by=OPERATOR, reason="again")
    resume_team(by=OPERATOR)
    require_writable(row.snapshot())
    assert row.suspended_at is None
    with pytest.raises(Conflict, match="not suspended"):
        resume_team(by=OPERATOR)


def test_a_suspension_has_a_reason_and_an_operator(team, story):
    with pytest.raises(Invalid):
        suspend_team(by=OPERATOR, reason=" ")
    with pytest.raises(PermissionDenied):
        suspend_team(by=story.owner, reason="revenge")
    with pytest.raises(PermissionDenied):
        resume_team(by=story.owner)
