"""``cornerspot plan …``: plans of the catalog, and which team has which."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import click

from cornerspot.cli.support import OPERATOR, in_app, in_team, print_table
from cornerspot.kit.errors import Invalid
from cornerspot.kit.money import Money
from cornerspot.kit.money_text import format_money
from cornerspot.payments.provider import ProviderError
from cornerspot.payments.stripe_plan_setup import replace_endpoint
from cornerspot.plans.assigning import assign_plan
from cornerspot.plans.catalog import PLANS
from cornerspot.plans.features import Feature, Limit
from cornerspot.plans.offering import put_on_sale
from cornerspot.plans.overriding import grant_feature, revoke_feature, set_limit
from cornerspot.settings import current_settings


@click.group("plan")
def plan() -> None:
    """Plans: list, assign, make an exception, put on sale."""


@plan.command("list")
def list_plans() -> None:
    """Every plan version there is."""
    rows = [
        (
            each.key,
            each.name,
            format_money(Money(each.price_minor, each.currency), "en") if each.price_minor else "free",
            " ".join(feature for feature in Feature if feature in each.features),
            " ".join(f"{limit}={size}" for limit, size in each.limits.items()) or "unlimited",
        )
        for each in PLANS.values()
    ]
    print_table(("KEY", "NAME", "MONTH", "FEATURES", "LIMITS"), rows)


@plan.command("assign")
@click.argument("slug")
@click.argument("plan_key")
@click.option("--end-trial", is_flag=True, help="End a running trial as well.")
@in_app
def assign(slug: str, plan_key: str, end_trial: bool) -> None:
    """Put the team SLUG on the plan PLAN_KEY from now on."""
    with in_team(slug) as found:
        assign_plan(plan_key, by=OPERATOR, end_trial=end_trial)
    click.echo(f"{found.name} is on {PLANS[plan_key].name}.")


@plan.command("override")
@click.argument("slug")
@click.option(
    "--grant",
    type=click.Choice([feature.value for feature in Feature]),
    help="A feature the team has whatever its plan says.",
)
@click.option(
    "--revoke",
    type=click.Choice([feature.value for feature in Feature]),
    help="A feature the team lacks whatever its plan says.",
)
@click.option("--limit", type=click.Choice([limit.value for limit in Limit]), help="A limit to size with --size.")
@click.option("--size", help='A whole number, or "unlimited".')
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The last day it counts; for good without.")
@click.option("--reason", required=True)
@in_app
def override(
    slug: str,
    grant: str | None,
    revoke: str | None,
    limit: str | None,
    size: str | None,
    until: datetime | None,
    reason: str,
) -> None:
    """Make an exception for the team SLUG: one of --grant, --revoke, --limit."""
    if sum(choice is not None for choice in (grant, revoke, limit)) != 1:
        raise click.UsageError("Give one of --grant, --revoke and --limit.")
    with in_team(slug) as found:
        ends_at = _end_of(until, found.time_zone)
        if grant:
            grant_feature(Feature(grant), reason=reason, ends_at=ends_at, by=OPERATOR)
        elif revoke:
            revoke_feature(Feature(revoke), reason=reason, ends_at=ends_at, by=OPERATOR)
        elif limit:
            set_limit(Limit(limit), _size(size), reason=reason, ends_at=ends_at, by=OPERATOR)
    click.echo(f"The exception for {found.name} counts from now on.")


@plan.command("prices")
@in_app
def prices() -> None:
    """Put every paid plan on sale at Stripe, and set up its billing portal; harmless when repeated."""
    try:
        put_on_sale(say=click.echo)
    except ProviderError as error:
        raise click.ClickException(error.message) from error


@plan.command("endpoint")
@click.option("--only-secret", is_flag=True, help="Print the secret and nothing else.")
@in_app
def endpoint(only_secret: bool) -> None:
    """Have Stripe report here what becomes of plans, and print the secret for STRIPE_PLANS_WEBHOOK_SECRET.

    The endpoint that this command made before is replaced, and its secret with it.
    """
    try:
        secret = replace_endpoint(current_settings().external_url)
    except ProviderError as error:
        raise click.ClickException(error.message) from error
    if not only_secret:
        click.echo("Stripe shows this secret only now. Set it for web and worker, and restart both:")
    click.echo(secret if only_secret else f"STRIPE_PLANS_WEBHOOK_SECRET={secret}")


def _size(text: str | None) -> int | None:
    if text == "unlimited":
        return None
    if text is None or not (text.isascii() and text.isdigit()):
        raise Invalid('Give --size as a whole number, or "unlimited".')
    return int(text)


def _end_of(day: datetime | None, zone: str) -> datetime | None:
    """The moment the day ends in the team's zone."""
    return None if day is None else datetime.combine(day.date() + timedelta(days=1), time.min, ZoneInfo(zone))
