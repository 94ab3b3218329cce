"""A real PostgreSQL, built by the migrations, used as the app's role.

Each xdist worker has a database of its own, copied from one template. Tests
commit for real; what keeps them apart is what keeps customers apart: each test
opens its own team.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from cornerspot.app import create_app
from cornerspot.db import db, migrating
from cornerspot.db.embedded import Server, ensure_running
from cornerspot.settings import Settings, load_settings
from cornerspot.tenancy import CurrentTeam, team_scope
from tests.factories.furnished import MARK, furnish
from tests.factories.online import Processor, processor
from tests.factories.teams import Story, open_story
from tests.statements import each_statement

# Fails a test that sends what Stripe would refuse.
pytest_plugins = ["tests.contracts.judge.plugin"]

ROOT = Path(__file__).resolve().parents[1]


def _schema_digest() -> str:
    """Changes when a migration does, so that the template is built anew."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / "migrations").rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def psycopg_url(url: str) -> str:
    """The address as SQLAlchemy wants it."""
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


@pytest.fixture(scope="session")
def server() -> Server:
    """The PostgreSQL of the tests, kept running between runs."""
    return ensure_running(ROOT / "var" / "test-postgres")


@pytest.fixture(scope="session")
def database(server: Server) -> Iterator[str]:
    """A fresh database with the schema, dropped afterwards."""
    template = f"template_{_schema_digest()}"
    lock_path = ROOT / "var" / "test-template.lock"
    with lock_path.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # Workers start at once; one builds, the others wait.
        with contextlib.suppress(psycopg.errors.DuplicateDatabase):
            server.create_database(template)
        migrating.upgrade(psycopg_url(server.url("cornerspot_owner", template)))
        name = f"test_{os.getpid()}"
        server.drop_database(name)
        server.create_database(name, template=template)
    yield name
    server.drop_database(name)


@pytest.fixture(scope="session")
def settings(server: Server, database: str) -> Iterator[Settings]:
    """Settings of the tests: the worker's database, a data folder that goes away."""
    with tempfile.TemporaryDirectory(prefix="cornerspot-test-") as folder:
        yield load_settings(
            {
                "CORNERSPOT_ENV": "test",
                "CORNERSPOT_DATA_DIR": folder,
                "CORNERSPOT_SECRET_KEY": "a-secret-of-the-tests-with-32-characters",
                "DATABASE_URL": server.url("cornerspot_app", database),
                "OWNER_DATABASE_URL": server.url("cornerspot_owner", database),
                "CORNERSPOT_LOG_LEVEL": "ERROR",
            }
        )


@pytest.fixture(scope="session")
def app(settings: Settings) -> Iterator[Flask]:
    """The whole application."""
    app = create_app(settings)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(scope="module")
def without_tokens(app: Flask) -> Iterator[None]:
    """The tests of a module post without the token of a page; those of others with it, as ever."""
    before = app.config.get("WTF_CSRF_ENABLED", True)
    app.config["WTF_CSRF_ENABLED"] = False
    yield
    app.config["WTF_CSRF_ENABLED"] = before


@pytest.fixture
def empty_queue(app: Flask) -> None:
    """No job waits: those that other tests left behind would run with the ones of this test."""
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("DELETE FROM procrastinate_jobs"))


@pytest.fixture
def story(app: Flask) -> Story:
    """A fresh team with an owner and helpers to sign in and to enter its scope."""
    return open_story(app)


@pytest.fixture
def team(app: Flask, story: Story) -> Iterator[CurrentTeam]:
    """The scope of the story's team, entered, inside an app context."""
    with app.app_context(), team_scope(story.team) as entered:
        yield entered


@pytest.fixture
def stripe(team: CurrentTeam, story: Story) -> Iterator[Processor]:
    """The story's team connected to a stand-in of Stripe, inside the team's scope."""
    with processor(story.owner) as made:
        yield made


@pytest.fixture
def paid(stripe: Processor) -> tuple[UUID, str]:
    """An invoice of 200.00 that was paid by card: its id and the payment's at the processor."""
    invoice_id = stripe.invoice()
    payment_id = stripe.paid_by_card(invoice_id)
    stripe.sync(payment_id)
    return invoice_id, payment_id


@pytest.fixture(scope="module")
def ours(app: Flask) -> tuple[Story, dict[str, UUID]]:
    """The team that asks, with rows of its own."""
    story = open_story(app, plan_key="scale_v1", name="The asking team")
    return story, furnish(story, mark="ours")


@pytest.fixture(scope="module")
def theirs(app: Flask) -> tuple[Story, dict[str, UUID]]:
    """The team that is asked for, with a row of every kind."""
    story = open_story(app, plan_key="scale_v1", name="The asked team")
    return story, furnish(story, mark=MARK)


@pytest.fixture
def client(story: Story) -> FlaskClient:
    """A browser signed in as the owner of the story's team."""
    return story.sign_in("owner")


@pytest.fixture
def query_counter() -> QueryCounter:
    """Counts the statements sent to the database; ``with query_counter() as sent: …; len(sent)``."""
    return QueryCounter()


class QueryCounter:
    """Collects the statements of our cursors, SQLAlchemy's and those sent past it."""

    @contextlib.contextmanager
    def __call__(self) -> Iterator[list[str]]:
        sent: list[str] = []

        def note(statement: str) -> None:
            if not statement.startswith("SET LOCAL app."):  # A member's account, for the transaction.
                sent.append(statement)

        with each_statement(note):
            yield sent
