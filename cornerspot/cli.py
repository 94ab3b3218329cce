"""``cornerspot …``: what operators and the start-up scripts type."""

from __future__ import annotations

import click
from flask import Flask

from cornerspot.app import create_app, database_url
from cornerspot.db import migrating
from cornerspot.settings import SettingsError, load_settings


@click.group()
def main() -> None:
    """Cornerspot: run and look after an installation."""


@main.group("db")
def database() -> None:
    """The database's schema."""


@database.command("upgrade")
@click.argument("revision", default="head")
def upgrade(revision: str) -> None:
    """Bring the schema to REVISION (the newest by default), as the owner's role."""
    migrating.upgrade(database_url(_settings(), owner=True), revision)
    click.echo("The database schema is up to date.")


@database.command("downgrade")
@click.argument("revision")
def downgrade(revision: str) -> None:
    """Take the schema back to REVISION ("base" empties the database)."""
    click.confirm("This can delete data. Go on?", abort=True)
    migrating.downgrade(database_url(_settings(), owner=True), revision)


def open_app() -> Flask:
    """The app for a command, or a clear message and exit code 2."""
    try:
        return create_app(_settings())
    except RuntimeError as error:
        raise click.ClickException(str(error)) from error


def _settings():  # type: ignore[no-untyped-def]
    try:
        return load_settings()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
