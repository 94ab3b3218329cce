"""Migrations go up, down and up again, and say the same as the models."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, pool, text

from cornerspot.db import Base, migrating
from tests.conftest import psycopg_url

VERSIONS = Path(__file__).resolve().parents[2] / "migrations" / "versions"


@pytest.fixture
def empty_database(server):
    name = "migrations_up_and_down"
    server.drop_database(name)
    server.create_database(name)
    yield psycopg_url(server.url("cornerspot_owner", name))
    server.drop_database(name)


def test_up_down_and_up_again_leaves_what_the_models_say(empty_database):
    migrating.upgrade(empty_database)
    migrating.downgrade(empty_database, "base")
    engine = create_engine(empty_database, poolclass=pool.NullPool)
    with engine.connect() as connection:
        left = connection.scalars(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'")
        ).all()
        assert left == []
        functions = connection.scalars(
            text("SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace")
        ).all()
        assert functions == []
    migrating.upgrade(empty_database)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_name": lambda name, kind, _: not (kind == "table" and name.startswith("procrastinate_")),
            },
        )
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_checks_of_the_models_are_in_the_database(app):
    """Alembic does not compare CHECK constraints, so this does."""
    from cornerspot.db import session

    wanted = {
        (table.name, str(constraint.name))
        for table in Base.metadata.sorted_tables
        for constraint in table.constraints
        if constraint.__class__.__name__ == "CheckConstraint"
    }
    with app.app_context():
        found = {
            (table, name)
            for table, name in session.execute(
                text(
                    "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'c' AND conrelid <> 0"
                )
            )
            if not table.startswith("procrastinate_")
        }
        session.remove()
    assert {(table, f"ck_{table}_{name}" if not name.startswith("ck_") else name) for table, name in wanted} == found


def test_revisions_are_named_by_number_and_verb():
    names = sorted(path.stem for path in VERSIONS.glob("*.py"))
    assert names
    assert [name for name in names if not re.fullmatch(r"\d{4}_[a-z]+(_[a-z]+)+", name)] == []
