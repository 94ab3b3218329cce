"""Creating the demo, and saying who can sign in to it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import ModuleType
from typing import Any, Protocol

from sqlalchemy import select

from cornerspot.db import session
from cornerspot.db.transaction import transaction
from cornerspot.onboarding.demo import nordlicht, prairie
from cornerspot.onboarding.demo.cast import MEMBERS, NORDLICHT_TEAM, OPERATOR, PASSWORD, PRAIRIE_TEAM
from cornerspot.people.joining import create_person
from cornerspot.people.models import Person
from cornerspot.settings import current_settings
from cornerspot.tenancy import system_scope, team_scope
from cornerspot.tenancy.models import Team

STORIES = (nordlicht, prairie)
STANDIN_STATE = "stripe-standin.json"  # in the data folder, where bin/demo has the stand-in keep it
HEAD = ("TEAM", "ROLE", "NAME", "E-MAIL", "PASSWORD", "ADDRESS")


class WebApp(Protocol):
    """What of the application the demo needs."""

    def app_context(self) -> AbstractContextManager[Any]: ...


def create_demo(app: WebApp, *, say: Callable[[str], None]) -> None:
    """The two demo teams and the operator are there; what was there already stays as it is.

    Each team is one transaction: stopped half-way, it is not there at all.
    """
    with app.app_context():
        _forget_strange_payments()
        _ensure_operator()
        for story in STORIES:
            _ensure_team(story, say)


def sign_ins(app: WebApp) -> list[str]:
    """A table of everybody who can sign in to the demo, as lines of text."""
    with app.app_context():
        home = current_settings().external_url
    rows = [HEAD]
    for story, team in zip(STORIES, (NORDLICHT_TEAM, PRAIRIE_TEAM), strict=True):
        planned = story.planned_team()
        rows += [(planned.name, each.role, each.name, each.email, PASSWORD, f"{home}/{planned.slug}/") for each in team]
    portal = nordlicht.planned_team()
    rows += [(portal.name, "portal", name, email, PASSWORD, f"{home}/{portal.slug}/portal/") for name, email in MEMBERS]
    rows.append(("(all teams)", OPERATOR.role, OPERATOR.name, OPERATOR.email, PASSWORD, f"{home}/operators"))
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _forget_strange_payments() -> None:
    """The Stripe stand-in knows nothing of a database that is gone: there is none with a team yet."""
    with system_scope("the demo looks whether its database is new"):
        if session.scalar(select(Team.id).limit(1)) is None:
            (current_settings().data_dir / STANDIN_STATE).unlink(missing_ok=True)


def _ensure_team(story: ModuleType, say: Callable[[str], None]) -> None:
    planned = story.planned_team()
    with system_scope("the demo looks whether its teams are there"):
        if session.scalar(select(Team.id).where(Team.slug == planned.slug)):
            return
    say(f"Filling the demo team {planned.name} with a year of work …")
    started = time.monotonic()
    with team_scope(planned), transaction():
        story.plan_year(planned).play()
    say(f"{planned.name} is ready ({time.monotonic() - started:.0f} s).")


def _ensure_operator() -> None:
    with system_scope("the demo has an operator"), transaction():
        if session.scalar(select(Person.id).where(Person.email == OPERATOR.email)) is None:
            person = create_person(name=OPERATOR.name, email=OPERATOR.email, password=PASSWORD)
            person.is_operator = True
