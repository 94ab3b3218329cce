"""The web edge of tenancy: find the team, take its prefix off the path, enter its scope.

The prefix moves from PATH_INFO to SCRIPT_NAME, so that ``url_for`` and the
cookie path follow the team by themselves and no route spells a slug.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask, Request, Response, request
from flask.json.tag import TaggedJSONSerializer
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from itsdangerous import URLSafeTimedSerializer
from werkzeug.exceptions import NotFound as HTTPNotFound
from werkzeug.utils import redirect

from cornerspot.kit.errors import NotFound
from cornerspot.tenancy.context import CurrentTeam, Scope, bound, current_scope
from cornerspot.tenancy.models import TeamStatus
from cornerspot.tenancy.resolving import resolve_team

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

_PLAIN = frozenset({str, int, bool, type(None)})  # what JSON knows by itself
PORTAL = "/portal"  # below a team's address, and all of it


class TeamMiddleware:
    """Runs each request inside its team's scope, or outside of any for the installation's pages."""

    def __init__(self, wsgi: WSGIApplication, app: Flask, *, external_url: str) -> None:
        self.wsgi, self.app = wsgi, app
        self.base_host = urlsplit(external_url).hostname or "localhost"

    def __call__(self, environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        host = environ.get("HTTP_HOST", "").rsplit(":", 1)[0].lower()
        with self.app.app_context():
            try:
                found = resolve_team(host=host, path=environ.get("PATH_INFO", ""), base_host=self.base_host)
            except NotFound:
                return self._not_found(environ, start)
        if found is None:
            with bound(Scope(reason="a page of the installation")):
                return self.wsgi(environ, start)
        if found.team.status == TeamStatus.CLOSED:
            return self._not_found(environ, start)
        if found.prefix and environ["PATH_INFO"] == found.prefix:
            return _add_slash(environ, start)
        environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + found.prefix
        environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix(found.prefix) or "/"
        with bound(Scope(team=found.team)):
            return self.wsgi(environ, start)

    def _not_found(self, environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        with bound(Scope(reason="no such team")), self.app.request_context(environ):
            response: Response = self.app.make_response(self.app.handle_user_exception(HTTPNotFound()))
            return self.app.process_response(response)(environ, start)  # With the headers of every page.


def _add_slash(environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
    """Send ``/acme`` to ``/acme/``, because the team's cookie is for what lies below the slash."""
    address = f"{environ.get('SCRIPT_NAME', '')}{environ['PATH_INFO']}/"
    query = environ.get("QUERY_STRING", "")
    return redirect(f"{address}?{query}" if query else address, 308)(environ, start)


def team_of_request() -> CurrentTeam | None:
    """The team of the request, None on the installation's own pages."""
    scope = current_scope()
    return scope.team if scope else None


def is_portal_request() -> bool:
    """Whether the request is for the portal of a team, whose members' sessions are not the staff's."""
    return team_of_request() is not None and (request.path == PORTAL or request.path.startswith(f"{PORTAL}/"))


class PlainFirst(TaggedJSONSerializer):
    """Flask's form of a session, without asking of each word whether it is a tuple, a date or a UUID."""

    def tag(self, value: Any) -> Any:
        return value if type(value) in _PLAIN else super().tag(value)


class TeamSessionInterface(SecureCookieSessionInterface):
    """A session cookie per team, and another one for its portal.

    Each has its own name and its own path, and is refused where another one belongs.
    """

    serializer = PlainFirst()
    _signing: URLSafeTimedSerializer | None = None

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """The one that signs this app's cookies, made once."""
        if self._signing is None:
            self._signing = super().get_signing_serializer(app)
        return self._signing

    def get_cookie_name(self, app: Flask) -> str:  # noqa: ARG002 - Flask passes it
        if is_portal_request():
            return "cornerspot_portal"
        return "cornerspot_team" if team_of_request() else "cornerspot"

    def get_cookie_path(self, app: Flask) -> str:  # noqa: ARG002 - Flask passes it
        if is_portal_request():
            return f"{request.script_root}{PORTAL}"
        return f"{request.script_root}/" if team_of_request() else "/"

    def open_session(self, app: Flask, request: Request):  # type: ignore[no-untyped-def]
        sent = "HTTP_COOKIE" in request.environ
        opened = super().open_session(app, request) if sent else self.session_class()
        team = team_of_request()
        owner = session_owner(team)
        if opened is not None and opened.get("_team", owner) != owner:
            opened = self.session_class()  # A cookie copied from elsewhere proves nothing here.
        if opened is not None and "_team" not in opened:
            dict.__setitem__(opened, "_team", owner)  # Not a change worth a Set-Cookie by itself.
        return opened

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """A session that nothing changed needs no cookie, and none is put together.

        Flask would send a lasting one with each answer. What a page asks for while it is being left goes
        out with the cookie from before: its answer would take back the toast of what was just done.
        """
        if session.modified:
            super().save_session(app, session, response)
        elif session.accessed:
            response.vary.add("Cookie")


def session_owner(team: CurrentTeam | None) -> str:
    """What a session cookie says it was made for: the installation, a team's staff or its portal."""
    if team is None:
        return "installation"
    return f"portal of {team.id}" if is_portal_request() else str(team.id)


def install(app: Flask, *, external_url: str) -> None:
    """Put the middleware and the per-team session in front of an app."""
    app.wsgi_app = TeamMiddleware(app.wsgi_app, app, external_url=external_url)  # type: ignore[method-assign, assignment]
    app.session_interface = TeamSessionInterface()
