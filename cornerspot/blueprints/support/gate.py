"""What a route needs, said on the route and decided in one place.

``@gate`` only writes the need down; ``decide`` runs before every view. A route
without a need is refused at start-up, so that none is open by oversight.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, abort, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from cornerspot.blueprints.support.identity import current_actor_or_none, signed_in_person
from cornerspot.kit.errors import PermissionDenied
from cornerspot.people.permissions import Permission
from cornerspot.plans.features import Feature
from cornerspot.tenancy.http import team_of_request

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Need:
    """What must hold before a view runs. ``who``: public, person, operator or teammate."""

    who: str = "teammate"
    permission: Permission | None = None
    features: tuple[Feature, ...] = ()
    in_team: bool | None = True  # None: on the installation's pages and in a team alike
    writes_on_get: bool = False
    reason: str = ""


def gate(
    *,
    permission: Permission | None = None,
    feature: Feature | tuple[Feature, ...] = (),
    writes_on_get: bool = False,
) -> Callable[[View], View]:
    """Only for teammates with this permission, in a team that has these features too."""
    features = feature if isinstance(feature, tuple) else (feature,)
    return _say(Need(permission=permission, features=features, writes_on_get=writes_on_get))


def public_route(
    reason: str, *, in_team: bool | None = False, writes_on_get: bool = False
) -> Callable[[View], View]:
    """Open to everybody, for a reason that is written beside it."""
    return _say(Need(who="public", in_team=in_team, writes_on_get=writes_on_get, reason=reason))


def person_route(reason: str, *, writes_on_get: bool = False) -> Callable[[View], View]:
    """For a signed-in person on the installation's own pages (choosing a team)."""
    return _say(Need(who="person", in_team=False, writes_on_get=writes_on_get, reason=reason))


def operator_route(reason: str) -> Callable[[View], View]:
    """For operators of the installation."""
    return _say(Need(who="operator", in_team=False, reason=reason))


def _say(need: Need) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        view.need = need  # type: ignore[attr-defined]
        return view

    return decorate


def need_of(app: Flask, endpoint: str) -> Need | None:
    """The need of a route, with the features of its blueprint added."""
    view = app.view_functions[endpoint]
    need: Need | None = getattr(view, "need", None)
    if need is None:
        return None
    blueprint = app.blueprints.get(endpoint.rpartition(".")[0])
    extra = getattr(blueprint, "features", ())
    if need.who == "public" or not extra:
        return need
    merged = tuple(dict.fromkeys((*extra, *need.features)))
    return Need(need.who, need.permission, merged, need.in_team, need.writes_on_get, need.reason)


def decide() -> Response | None:
    """Let the request pass (None), send it to sign in, or refuse: 404 before 403 before 402."""
    if request.endpoint is None:
        return None  # Flask answers 404 or 405 itself.
    need = need_of(current_app, request.endpoint)
    if need is None:
        abort(404)  # Not reachable: install() refuses to start with such a route.
    team = team_of_request()
    if need.in_team is not None and need.in_team != (team is not None):
        abort(404)
    if need.who == "public":
        return None
    if need.who in ("person", "operator"):
        return _decide_person(need)
    actor = current_actor_or_none()
    if actor is None:
        return _to_sign_in()
    if need.permission is not None and not actor.may(need.permission):
        raise PermissionDenied()
    if need.features:
        from cornerspot.blueprints.support.context import request_entitlements

        request_entitlements().require(*need.features)
    return None


def _decide_person(need: Need) -> Response | None:
    person = signed_in_person()
    if person is None:
        return _to_sign_in()
    if need.who == "operator" and not person.is_operator:
        abort(404)
    return None


def _to_sign_in() -> Response:
    target = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("auth.sign_in_show", next=target))


def install(app: Flask) -> None:
    """Decide before every view."""
    public_route("our own styles, scripts and pictures", in_team=None)(app.view_functions["static"])
    app.before_request(decide)


def require_all_gated(app: Flask) -> None:
    """Pass when every route says what it needs; raises RuntimeError naming those that do not."""
    bare = [name for name in app.view_functions if need_of(app, name) is None]
    if bare:
        raise RuntimeError(f"Routes without @gate or @public_route: {', '.join(sorted(bare))}")
