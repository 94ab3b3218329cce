"""Rate limits on the routes that can be guessed at: signing in, signing up, resets.

Counted in PostgreSQL, so that a limit is one for all worker processes and machines.
"""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from limits.storage import Storage
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from cornerspot.db import db
from cornerspot.db.counting import count_tries, counted, forget_counts


class DatabaseCounts(Storage):
    """Where the limiter counts: the table of ``db/counting.py``."""

    STORAGE_SCHEME = ["database"]

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, *, engine: Engine, **options: Any):
        super().__init__(uri, wrap_exceptions, **options)
        self._engine = engine

    @property
    def base_exceptions(self) -> type[Exception]:
        return SQLAlchemyError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        return count_tries(self._engine, key, tries=amount, seconds=expiry)

    def get(self, key: str) -> int:
        return counted(self._engine, key)[0]

    def get_expiry(self, key: str) -> float:
        return counted(self._engine, key)[1].timestamp()

    def check(self) -> bool:
        self.get("")
        return True

    def reset(self) -> int:
        return forget_counts(self._engine)

    def clear(self, key: str) -> None:
        forget_counts(self._engine, key)


class RouteLimiter(Limiter):
    """Limits of routes alone, each of which asks for itself when it is called."""

    def _check_request_limit(self, callable_name: str | None = None, in_middleware: bool = True) -> None:
        if not in_middleware:  # Before the view it would look for limits of the whole app, and there are none.
            super()._check_request_limit(callable_name, in_middleware)


limiter = RouteLimiter(key_func=get_remote_address, default_limits=[], storage_uri="database://")


def install(app: Flask) -> None:
    """Off in tests, which sign in more often than any person."""
    app.config["RATELIMIT_ENABLED"] = app.config["SETTINGS"].environment != "test"
    with app.app_context():
        app.config["RATELIMIT_STORAGE_OPTIONS"] = {"engine": db.engine}
    limiter.init_app(app)
