"""``cornerspot db …``: the database's schema."""

from __future__ import annotations

import click

from cornerspot.app import database_url
from cornerspot.cli.support import Misconfigured, read_settings
from cornerspot.db import migrating


@click.group("db")
def database() -> None:
    """The database's schema."""


@database.command("upgrade")
@click.argument("revision", default="head")
def upgrade(revision: str) -> None:
    """Bring the schema to REVISION (the newest by default), as the owner's role."""
    migrating.upgrade(_owner_url(), revision)
    click.echo("The database schema is up to date.")


@database.command("downgrade")
@click.argument("revision")
def downgrade(revision: str) -> None:
    """Take the schema back to REVISION ("base" empties the database)."""
    click.confirm("This can delete data. Go on?", abort=True)
    migrating.downgrade(_owner_url(), revision)


def _owner_url() -> str:
    try:
        return database_url(read_settings(), owner=True)
    except RuntimeError as error:
        raise Misconfigured(str(error)) from error
