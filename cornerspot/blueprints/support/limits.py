"""Rate limits on the routes that can be guessed at: signing in, signing up, resets."""

from __future__ import annotations

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

limiter = Limiter(key_func=get_remote_address, default_limits=[], storage_uri="memory://")


def install(app: Flask) -> None:
    """Off in tests, which sign in more often than any person."""
    app.config["RATELIMIT_ENABLED"] = app.config["SETTINGS"].environment != "test"
    limiter.init_app(app)
