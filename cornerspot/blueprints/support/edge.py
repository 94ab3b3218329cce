"""The transaction of a request: one, committed here, retried here, read-only for GET."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, Response, current_app, g, request
from flask import session as cookie
from flask.typing import ResponseReturnValue

from cornerspot.blueprints.support.gate import need_of
from cornerspot.db import session
from cornerspot.db.transaction import read_only, tried_again

MOST_TOASTS = 5
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class CornerspotFlask(Flask):
    """Flask with a transaction around each view."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function itself: none of ours is a coroutine, and Flask asks a dozen times in each request."""
        return func

    def dispatch_request(self) -> ResponseReturnValue:
        """Run the view and commit when it answers below 400; roll back otherwise.

        A deadlock or serialization failure is run again from the start, as
        PostgreSQL asks; what the failed try had flashed is forgotten.
        """
        flashes = list(cookie.get("_flashes", []))

        def forget() -> None:
            cookie["_flashes"] = flashes
            session.expunge_all()

        return tried_again(self._answer, forget=forget)

    def _answer(self) -> Response:
        try:
            response = self.make_response(super().dispatch_request())
            session.commit() if response.status_code < 400 else session.rollback()
        except BaseException:
            session.rollback()
            raise
        return response


def install(app: Flask) -> None:
    """Make GET requests read-only, except where the route says it writes."""
    app.before_request(_begin)
    app.after_request(_keep_cookie_small)
    app.teardown_request(_end)


def _begin() -> None:
    need = need_of(current_app, request.endpoint) if request.endpoint else None
    if request.method in SAFE and not (need and need.writes_on_get):
        g.read_only_token = read_only.set(True)


def _keep_cookie_small(response: Response) -> Response:
    """The newest toasts wait for the next page; with all of a long series the cookie would be refused."""
    waiting = cookie.get("_flashes", ())
    if len(waiting) > MOST_TOASTS:
        cookie["_flashes"] = waiting[-MOST_TOASTS:]
    return response


def _end(_: Any) -> None:
    token = g.pop("read_only_token", None)
    if token is not None:
        read_only.reset(token)
