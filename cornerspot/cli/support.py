"""What every command does: open the app, enter a team, turn a refusal into a sentence."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

import click
from flask import Flask

from cornerspot.app import create_app
from cornerspot.db.transaction import transaction
from cornerspot.kit.errors import DomainError, NotFound
from cornerspot.people.actors import Actor
from cornerspot.settings import Settings, SettingsError, load_settings
from cornerspot.tenancy import CurrentTeam, system_scope, team_scope
from cornerspot.tenancy.context import find_team
from cornerspot.tenancy.models import Team

P = ParamSpec("P")
Result = TypeVar("Result")
OPERATOR = Actor(kind="operator", name="Operator at the command line")


class Misconfigured(click.ClickException):
    """The environment cannot be used."""

    exit_code = 2


def read_settings() -> Settings:
    """The settings of the environment; ends with a message that lists each mistake."""
    try:
        return load_settings()
    except SettingsError as error:
        raise Misconfigured(str(error)) from error


def open_app() -> Flask:
    """The app for a command; ends with a clear message when it cannot start."""
    settings = read_settings()
    try:
        return create_app(settings)
    except RuntimeError as error:
        raise Misconfigured(str(error)) from error


def in_app(command: Callable[P, Result]) -> Callable[P, Result]:
    """Run the command in the app's context; a refusal of the domain ends it with exit code 1."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> Result:
        with open_app().app_context():
            try:
                return command(*args, **kwargs)
            except DomainError as error:
                raise click.ClickException(error.message) from error

    return run


@contextmanager
def in_team(slug: str) -> Iterator[CurrentTeam]:
    """Work in the team with this address, and commit; raises NotFound that names it."""
    try:
        team = find_team(Team.slug == slug)
    except NotFound:
        raise NotFound(f"There is no team {slug}. List them with: cornerspot team list") from None
    with team_scope(team), transaction():
        yield team


@contextmanager
def in_installation(reason: str) -> Iterator[None]:
    """Work on the installation's own tables, and commit."""
    with system_scope(reason), transaction():
        yield


def print_table(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    """Print rows under a head, each column as wide as its widest cell."""
    cells = [tuple(str(cell) for cell in row) for row in (head, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    for row in cells:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
