"""``cornerspot team …``: the teams of the installation."""

from __future__ import annotations

import click
from sqlalchemy import select

from cornerspot.cli.support import OPERATOR, in_app, in_installation, in_team, print_table
from cornerspot.db import session
from cornerspot.db.transaction import transaction
from cornerspot.kit.errors import NotFound
from cornerspot.onboarding.opening import open_team
from cornerspot.people.emails import comparable_email
from cornerspot.people.models import Person
from cornerspot.plans.assigning import assign_plan
from cornerspot.plans.catalog import PLANS
from cornerspot.plans.entitlements import entitlements, require_feature
from cornerspot.plans.features import FEATURES, LIMITS, Feature
from cornerspot.plans.models import PlanOverride
from cornerspot.plans.overriding import live_overrides
from cornerspot.plans.standing import resume_team, suspend_team
from cornerspot.plans.usage import usage_of
from cornerspot.tenancy import CurrentTeam, team_scope
from cornerspot.tenancy.creating import plan_team
from cornerspot.tenancy.hosts import add_verified_host, remove_host
from cornerspot.tenancy.models import Team


@click.group("team")
def team() -> None:
    """Teams: list, show, create, suspend, resume."""


@team.command("list")
@in_app
def list_teams() -> None:
    """Every team with its plan and status."""
    rows = []
    for each in _all_teams():
        with team_scope(each):
            answers = entitlements()
        trial = f" (trial of {answers.trial_plan.name})" if answers.trial_plan else ""
        rows.append((each.slug, each.name, answers.plan.key + trial, each.status))
    print_table(("ADDRESS", "NAME", "PLAN", "STATUS"), rows)


@team.command("show")
@click.argument("slug")
@in_app
def show(slug: str) -> None:
    """One team: plan, usage, features and exceptions."""
    with in_team(slug) as found:
        answers = entitlements()
        click.echo(f"{found.name}  /{found.slug}  {found.currency}  {found.time_zone}  {found.status}")
        click.echo(f"Plan: {answers.plan.key}")
        if answers.trial_plan and answers.trial_ends_at:
            click.echo(f"Trial: {answers.trial_plan.key} until {answers.trial_ends_at:%Y-%m-%d %H:%M} UTC")
        for usage in usage_of(answers):
            size = "unlimited" if usage.size is None else usage.size
            click.echo(f"{LIMITS[usage.limit].name}: {usage.used} of {size}")
        print_table(("FEATURE", "ANSWER"), [(feature, answers.answer(feature)) for feature in FEATURES])
        for override in live_overrides():
            until = f"until {override.ends_at:%Y-%m-%d %H:%M} UTC" if override.ends_at else "for good"
            click.echo(f"Exception {override.id}: {_words(override)} {until}, because: {override.reason}")


@team.command("create")
@click.argument("slug")
@click.option("--name", required=True, help="The company's name.")
@click.option("--owner", "email", required=True, help="E-mail address of a person who exists.")
@click.option("--currency", default="EUR", show_default=True)
@click.option("--time-zone", default="Europe/Vienna", show_default=True)
@click.option("--country", default="AT", show_default=True)
@click.option("--plan", "plan_key", type=click.Choice(list(PLANS)), help="Instead of the trial.")
@in_app
def create(slug: str, name: str, email: str, currency: str, time_zone: str, country: str, plan_key: str | None) -> None:
    """Open a team at the address SLUG for an owner."""
    with in_installation("a team is created at the command line"):
        person = session.scalars(select(Person).where(Person.email == comparable_email(email))).one_or_none()
        if person is None:
            raise NotFound(f"There is nobody with the address {email}. Create them: cornerspot person create")
        person_id = person.id
    planned = plan_team(name=name, slug=slug, currency=currency, time_zone=time_zone, country=country)
    with team_scope(planned), transaction():
        open_team(planned, person_id)
        if plan_key:
            assign_plan(plan_key, by=OPERATOR, end_trial=True)
    click.echo(f"{planned.name} is open at /{planned.slug}/.")


@team.command("suspend")
@click.argument("slug")
@click.option("--reason", required=True)
@in_app
def suspend(slug: str, reason: str) -> None:
    """Make a team read-only. Portal and pay links go on working."""
    with in_team(slug) as found:
        suspend_team(by=OPERATOR, reason=reason)
    click.echo(f"{found.name} is suspended.")


@team.command("resume")
@click.argument("slug")
@in_app
def resume(slug: str) -> None:
    """Let a suspended team work again."""
    with in_team(slug) as found:
        resume_team(by=OPERATOR)
    click.echo(f"{found.name} can work again.")


@team.command("host")
@click.argument("slug")
@click.argument("host")
@click.option("--remove", is_flag=True, help="Take the host away again.")
@in_app
def host_of_team(slug: str, host: str, remove: bool) -> None:
    """Let HOST lead to a team: its DNS points here, and you have seen that the name is theirs."""
    with in_team(slug) as found:
        if remove:
            remove_host(host)
        else:
            require_feature(Feature.CUSTOM_DOMAIN)
            add_verified_host(host)
    click.echo(f"{host} {'no longer leads' if remove else 'leads'} to {found.name}.")


def _all_teams() -> list[CurrentTeam]:
    with in_installation("all teams are listed"):
        return [row.snapshot() for row in session.scalars(select(Team).order_by(Team.slug))]


def _words(override: PlanOverride) -> str:
    if override.feature is not None:
        return f"{'grant' if override.granted else 'revoke'} {override.feature}"
    return f"limit {override.limit_name} = {'unlimited' if override.limit_size is None else override.limit_size}"
