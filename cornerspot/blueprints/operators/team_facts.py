"""What operators see of a team: its plan and counts, never its records."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import or_, select

from cornerspot.activity.models import ActivityEntry
from cornerspot.db import session
from cornerspot.kit.paging import Page, decode_cursor, encode_cursor
from cornerspot.plans.assigning import team_plan_of_scope
from cornerspot.plans.catalog import PLANS, PlanVersion
from cornerspot.plans.entitlements import Entitlements, entitlements
from cornerspot.plans.models import PlanOverride, TeamPlan
from cornerspot.plans.overriding import live_overrides
from cornerspot.plans.usage import Usage, count_teammates, usage_of
from cornerspot.tenancy import CurrentTeam
from cornerspot.tenancy.models import Team

PAGE_SIZE = 20


@dataclass(frozen=True)
class TeamRow:
    """A team in the list."""

    team: CurrentTeam
    answers: Entitlements
    requested: PlanVersion | None
    teammates: int


@dataclass(frozen=True)
class TeamFacts:
    """A team on its own page."""

    answers: Entitlements
    team_plan: TeamPlan
    usages: list[Usage]
    overrides: list[PlanOverride]
    history: list[ActivityEntry]


def teams_page(*, search: str = "", status: str = "", after: str = "") -> Page[CurrentTeam]:
    """Teams by their address, those whose name or address contains ``search``; raises ValueError for a bad cursor."""
    statement = select(Team).order_by(Team.slug).limit(PAGE_SIZE + 1)
    if search:
        statement = statement.where(
            or_(Team.name.icontains(search, autoescape=True), Team.slug.icontains(search, autoescape=True))
        )
    if status:
        statement = statement.where(Team.status == status)
    if after:
        statement = statement.where(Team.slug > str(decode_cursor(after, parts=1)[0]))
    teams = [team.snapshot() for team in session.scalars(statement)]
    next_cursor = encode_cursor(teams[PAGE_SIZE - 1].slug) if len(teams) > PAGE_SIZE else None
    return Page(teams[:PAGE_SIZE], next_cursor)


def team_row(team: CurrentTeam) -> TeamRow:
    """The row of the team of the scope."""
    return TeamRow(team, entitlements(), PLANS.get(team_plan_of_scope().requested_plan_key or ""), count_teammates())


def team_facts() -> TeamFacts:
    """The facts of the team of the scope."""
    answers, team_plan = entitlements(), team_plan_of_scope()
    history = (
        select(ActivityEntry)
        .where(ActivityEntry.subject_type == "team_plan", ActivityEntry.subject_id == team_plan.id)
        .order_by(ActivityEntry.happened_at.desc(), ActivityEntry.id.desc())
        .limit(20)
    )
    return TeamFacts(answers, team_plan, usage_of(answers), live_overrides(), list(session.scalars(history)))
