"""``cornerspot demo …``: the two demo teams."""

from __future__ import annotations

import click

from cornerspot.cli.support import Misconfigured, open_app, read_settings


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


@demo.command("sign-ins")
def sign_ins() -> None:
    """Print two sign-ins per role and team."""
    from cornerspot.onboarding.demo import sign_ins as lines

    for line in lines(open_app()):
        click.echo(line)


@demo.command("reset")
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(yes: bool) -> None:
    """Close the demo teams and create them anew."""
    from cornerspot.onboarding.demo import reset_demo

    if not yes:
        click.confirm("The demo teams and everything in them go away. Go on?", abort=True)
    reset_demo(open_app(), say=click.echo)
