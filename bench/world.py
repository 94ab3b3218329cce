"""A place to measure in: a fresh embedded PostgreSQL, teams signed in, and two servers side by side."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import urlopen

from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import select

from bench.client import Browser
from cornerspot.app import create_app
from cornerspot.db import db, migrating, session
from cornerspot.db.embedded import Server, ensure_running
from cornerspot.db.transaction import transaction
from cornerspot.kit.errors import NotFound
from cornerspot.people.models import Membership, Person, Role
from cornerspot.people.sessions import begin_session, teammate
from cornerspot.settings import load_settings
from cornerspot.tenancy import system_scope, team_scope
from cornerspot.tenancy.context import find_team
from cornerspot.tenancy.http import TeamSessionInterface
from cornerspot.tenancy.models import Team as TeamRow
from tests.factories.teams import Story, open_story

ROOT = Path(__file__).resolve().parents[1]
SECRET = "a-secret-of-the-benchmarks-with-32-characters"
THREADS = 4
APPS = {"ours": "wsgi:app", "floor": "bench.floor:app"}


@dataclass
class World:
    """The application in this process, its database server, and the ports of the two web servers."""

    app: Flask
    server: Server
    folder: Path
    ports: dict[str, int] = field(default_factory=dict)

    def open_team(self, name: str = "Muster & Söhne GmbH") -> Team:
        """A team on the Growth plan, its owner signed in."""
        story = open_story(self.app, name=name)
        return Team(story, *_cookie(self.app, story))

    def find_team(self, name: str) -> Team | None:
        """The team of this name in a world that was kept, its owner signed in; None when there is none."""
        with self.app.app_context(), contextlib.suppress(NotFound):
            with team_scope(find_team(TeamRow.name == name)) as team:
                membership = session.scalars(select(Membership).where(Membership.role == Role.OWNER)).one()
                person = session.get_one(Person, membership.person_id)
                story = Story(self.app, team, {"owner": teammate(membership, person)})
            return Team(story, *_cookie(self.app, story))
        return None

    def browser(self, side: str) -> Browser:
        """A browser on one of the two servers."""
        return Browser(self.ports[side])


@dataclass
class Team:
    """A team with what its owner's browser sends along."""

    story: Story
    cookie: str
    csrf_token: str

    @property
    def slug(self) -> str:
        return self.story.team.slug


@contextlib.contextmanager
def world(*, served: bool = True, kept: Path | None = None) -> Iterator[World]:
    """A world that is gone afterwards, or ``kept`` in a folder; with ``served``, both web servers answer."""
    folder = kept or Path(tempfile.mkdtemp(prefix="cornerspot-bench-"))
    folder.mkdir(exist_ok=True, parents=True)
    folder.chmod(0o711)  # The database's own account passes through when we are root.
    server = ensure_running(folder / "postgres")
    try:
        migrating.upgrade(server.url("cornerspot_owner").replace("postgresql://", "postgresql+psycopg://", 1))
        environment = _environment(server, folder)
        app = create_app(load_settings(environment))
        place = World(app, server, folder)
        with _served(place, environment) if served else contextlib.nullcontext():
            yield place
        with app.app_context():
            db.engine.dispose()
    finally:
        server.stop()
        if kept is None:
            shutil.rmtree((folder / "postgres").resolve(), ignore_errors=True)
            shutil.rmtree(folder, ignore_errors=True)


def _environment(server: Server, folder: Path) -> dict[str, str]:
    return {
        "CORNERSPOT_ENV": "production",
        "CORNERSPOT_DATA_DIR": str(folder),
        "CORNERSPOT_SECRET_KEY": SECRET,
        "CORNERSPOT_URL": "http://localhost:8000",
        "CORNERSPOT_LOG_LEVEL": "ERROR",
        "DATABASE_URL": server.url("cornerspot_app"),
        "OWNER_DATABASE_URL": server.url("cornerspot_owner"),
    }


@contextlib.contextmanager
def _served(place: World, environment: dict[str, str]) -> Iterator[None]:
    """Both applications are served by the same server with the same settings, each by a process of its own."""
    processes = []
    try:
        for side, target in APPS.items():
            place.ports[side] = _free_port()
            processes.append(_serve(target, place.ports[side], environment, place.folder / f"{side}.log"))
        for port in place.ports.values():
            _wait_until_served(port)
        yield
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(30)


def _serve(target: str, port: int, environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "gunicorn", target, "--bind", f"127.0.0.1:{port}", "--workers", "1"]
    options = ["--threads", str(THREADS), "--keep-alive", "60", "--no-control-socket"]
    with log.open("wb") as output:
        return subprocess.Popen(
            [*command, *options], cwd=ROOT, env=os.environ | environment, stdout=output, stderr=subprocess.STDOUT
        )


def _wait_until_served(port: int) -> None:
    for _ in range(300):
        with contextlib.suppress(OSError), urlopen(f"http://127.0.0.1:{port}/health/live"):
            return
        time.sleep(0.1)
    raise RuntimeError("A web server did not start.")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _cookie(app: Flask, story: Story) -> tuple[str, str]:
    """The session cookie of the team's owner, and the token that its forms carry."""
    with app.app_context(), system_scope("a benchmark signs in"), transaction():
        person = session.get_one(Person, story.owner.person_id)
        token, _ = begin_session(person, team_id=story.team.id, ip_address="127.0.0.1", user_agent="bench")
    raw = "0" * 40
    serializer = TeamSessionInterface().get_signing_serializer(app)
    assert serializer is not None
    held = {"_user_id": token, "_fresh": True, "_team": str(story.team.id), "csrf_token": raw}
    csrf_token = URLSafeTimedSerializer(SECRET, salt="wtf-csrf-token").dumps(raw)
    return f"cornerspot_team={serializer.dumps(held)}", str(csrf_token)
