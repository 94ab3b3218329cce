"""``cornerspot check``: proof that the books are sound."""

from __future__ import annotations

from collections.abc import Iterator

import click
from sqlalchemy import select

from cornerspot.billing.checking import check_books
from cornerspot.cli.support import in_app, in_installation
from cornerspot.db import session
from cornerspot.kit.errors import NotFound
from cornerspot.tenancy import CurrentTeam, team_scope
from cornerspot.tenancy.context import find_team
from cornerspot.tenancy.models import Team

TEAMS_AT_ONCE = 200


@click.command("check")
@click.option("--team", "slug", help="Only the team at this address.")
@in_app
def check(slug: str | None) -> None:
    """Reckon again everything that is stored about invoices and money, and print each thing that does not fit.

    Ends with exit code 1 when there is one. Nothing is changed, and people may go on working.
    """
    teams = findings = 0
    for team in _teams(slug):
        teams += 1
        with team_scope(team):
            for finding in check_books():
                findings += 1
                click.echo(f"{team.slug}: {finding}")
    checked = f"{teams} team{'' if teams == 1 else 's'} checked"
    click.echo(f"{checked}, {findings} finding{'' if findings == 1 else 's'}.")
    if findings:
        raise SystemExit(1)


def _teams(slug: str | None) -> Iterator[CurrentTeam]:
    """The team with this address, or every team, suspended ones too; raises NotFound."""
    if slug is not None:
        yield _named(slug)
        return
    last = ""
    while slugs := _slugs_after(last):
        for last in slugs:
            yield _named(last)


def _slugs_after(last: str) -> list[str]:
    statement = select(Team.slug).where(Team.slug > last).order_by(Team.slug).limit(TEAMS_AT_ONCE)
    with in_installation("the teams to check are listed"):
        return list(session.scalars(statement))


def _named(slug: str) -> CurrentTeam:
    try:
        return find_team(Team.slug == slug)
    except NotFound:
        raise NotFound(f"There is no team {slug}. List them with: cornerspot team list") from None
