"""``cornerspot demo …``: the two demo teams."""

from __future__ import annotations

import click

from cornerspot.app import database_url
from cornerspot.cli.support import Misconfigured, open_app, read_settings
from cornerspot.db import migrating


@click.group("demo")
def demo() -> None:
    """The demo teams: create, print who can sign in, start afresh."""
    if read_settings().is_production:
        raise Misconfigured("The demo does not run in production: its passwords are known to everybody.")


@demo.command("create")
def create() -> None:
    """Fill an empty database with the demo teams; does nothing when they are there."""
    from cornerspot.onboarding.demo import create_demo

    create_demo(open_app(), say=click.echo)


@demo.command("connect")
def connect() -> None:
    """Let the demo team take payments through the Stripe stand-in, which must be running."""
    from cornerspot.onboarding.demo.paying import connect_demo

    connect_demo(open_app(), say=click.echo)


@demo.command("sign-ins")
def sign_ins() -> None:
    """Print two sign-ins per role and team."""
    from cornerspot.onboarding.demo import sign_ins as lines

    for line in lines(open_app()):
        click.echo(line)


@demo.command("reset")
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(yes: bool) -> None:
    """Empty the database and fill it anew; only with CORNERSPOT_ENV=demo."""
    from cornerspot.onboarding.demo import create_demo

    settings = read_settings()
    if settings.environment != "demo":
        raise Misconfigured("This empties the whole database, so it runs only with CORNERSPOT_ENV=demo.")
    if not yes:
        click.confirm("Everything in this database goes away, other teams too. Go on?", abort=True)
    owner = database_url(settings, owner=True)
    migrating.downgrade(owner, "base")
    migrating.upgrade(owner)
    create_demo(open_app(), say=click.echo)
