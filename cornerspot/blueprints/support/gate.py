"""What a route needs, said on the route and decided in one place.

``@gate`` only writes the need down; ``decide`` runs before every view. A route
without a need is refused at start-up, so that none is open by oversight.

Losing a feature never loses data. Where a blueprint says ``reads_stay``, its pages
that show records (``…_index``, ``…_show``, ``…_board``) stay open to a team that has
such records, under a banner; everything else there answers 402. A feature named on
the route itself is about doing something and is never relaxed. See
``docs/adr/0012-lost-features-stay-readable.md``.

``any_feature`` on a route stands in for the features of its blueprint: one of those
named there is enough, as for accounts, which serve deals and invoices alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from flask import Blueprint, Flask, abort, current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response

from cornerspot.blueprints.support.identity import current_actor_or_none, signed_in_person
from cornerspot.blueprints.support.members import enter_account
from cornerspot.kit.errors import PermissionDenied
from cornerspot.people.permissions import Permission
from cornerspot.plans.entitlements import Answer
from cornerspot.plans.features import FEATURES, Feature
from cornerspot.plans.standing import require_writable
from cornerspot.plans.usage import has_records
from cornerspot.tenancy import CurrentTeam
from cornerspot.tenancy.http import PORTAL, team_of_request
from cornerspot.tenancy.models import TeamStatus

View = TypeVar("View", bound=Callable[..., Any])
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
SHOWING = ("index", "show", "board")  # how the names of views that show records end


@dataclass(frozen=True)
class Need:
    """What must hold before a view runs. ``who``: public, person, operator, member or teammate.

    A member's request is narrowed to the account they look at, unless they are ``choosing`` one.
    """

    who: str = "teammate"
    permission: Permission | None = None
    features: tuple[Feature, ...] = ()
    in_team: bool | None = True  # None: on the installation's pages and in a team alike
    writes_on_get: bool = False
    reason: str = ""
    any_of: tuple[Feature, ...] = ()  # one of these is enough
    staying: frozenset[Feature] = frozenset()  # features whose records this page shows even when they are lost
    choosing: bool = False


class FeatureBlueprint(Blueprint):
    """A blueprint whose routes need these features; ``reads_stay`` keeps its records readable without them."""

    def __init__(
        self,
        name: str,
        import_name: str,
        *,
        features: tuple[Feature, ...],
        reads_stay: bool = False,
        url_prefix: str | None = None,
    ) -> None:
        super().__init__(name, import_name, url_prefix=url_prefix)
        self.features, self.reads_stay = features, reads_stay


@dataclass(frozen=True)
class Standing:
    """What the shell says above a page: a suspended team, or a lost feature whose records are shown."""

    strong: str
    text: str
    tone: str
    leads_to_plan: bool = False


def gate(
    *,
    permission: Permission | None = None,
    feature: Feature | tuple[Feature, ...] = (),
    any_feature: tuple[Feature, ...] = (),
    writes_on_get: bool = False,
    open_outside: str = "",
) -> Callable[[View], View]:
    """Only for teammates with this permission, in a team that has these features and one of ``any_feature``.

    ``open_outside`` is the reason why the same path is open to everybody on the
    installation's own pages, where there is no team; empty means 404 there.
    """
    features = feature if isinstance(feature, tuple) else (feature,)
    in_team = None if open_outside else True
    return _say(
        Need(
            permission=permission,
            features=features,
            any_of=any_feature,
            in_team=in_team,
            writes_on_get=writes_on_get,
            reason=open_outside,
        )
    )


def member_route(
    *, feature: Feature | tuple[Feature, ...] = (), choosing: bool = False, writes_on_get: bool = False
) -> Callable[[View], View]:
    """Only for members signed in to the team's portal, who see and change what is their account's.

    The portal itself is asked of the blueprint; ``feature`` is about doing more there, such
    as paying online. ``choosing`` leaves the request as wide as the team, for pages on which
    an account is chosen or that show nothing of one: signing out.
    """
    features = feature if isinstance(feature, tuple) else (feature,)
    return _say(Need(who="member", features=features, choosing=choosing, writes_on_get=writes_on_get))


def public_route(reason: str, *, in_team: bool | None = False, writes_on_get: bool = False) -> Callable[[View], View]:
    """Open to everybody, for a reason that is written beside it."""
    return _say(Need(who="public", in_team=in_team, writes_on_get=writes_on_get, reason=reason))


def person_route(reason: str, *, in_team: bool | None = False, writes_on_get: bool = False) -> Callable[[View], View]:
    """For a signed-in person on the installation's own pages (choosing a team)."""
    return _say(Need(who="person", in_team=in_team, writes_on_get=writes_on_get, reason=reason))


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
    blueprint = app.blueprints.get(endpoint.rpartition(".")[0])
    if need is None or need.who == "public" or not isinstance(blueprint, FeatureBlueprint):
        return need
    extra = () if need.any_of else blueprint.features
    shows = blueprint.reads_stay and endpoint.endswith(SHOWING)
    return replace(
        need,
        features=tuple(dict.fromkeys((*extra, *need.features))),
        staying=frozenset(extra or need.any_of).difference(need.features) if shows else frozenset(),
    )


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
    if need.who == "public" or (need.who == "teammate" and team is None):
        return None  # Outside of a team only a gate with open_outside comes this far.
    if need.who != "teammate":
        return _decide_member(need) if need.who == "member" else _decide_person(need)
    actor = current_actor_or_none()
    if actor is None:
        return _to_sign_in()
    if need.permission is not None and not actor.may(need.permission):
        raise PermissionDenied()
    # What touches the team's records asks for one or the other; signing out or one's own profile does not.
    if request.method not in SAFE_METHODS and (need.permission or need.features or need.any_of):
        require_writable(team)  # type: ignore[arg-type]
    if need.features or need.any_of:
        _require_features(need)
    return None


def _require_features(need: Need) -> None:
    from cornerspot.blueprints.support.context import request_entitlements

    answers = request_entitlements()
    reads = request.method in SAFE_METHODS
    missing = answers.missing(*need.features)
    if missing and reads and need.staying.issuperset(missing) and has_records(*missing):
        g.lost_features = missing
    else:
        answers.require(*need.features)
    if need.any_of and answers.answer_any(*need.any_of) is not Answer.YES:
        kept = [feature for feature in need.any_of if feature in need.staying and has_records(feature)]
        if not (reads and kept):
            answers.require_any(*need.any_of)
        g.lost_features = kept[:1]


def standing() -> list[Standing]:
    """What this page must say above itself, most serious first."""
    team, said = team_of_request(), []
    if team is not None and team.status == TeamStatus.SUSPENDED:
        said.append(
            Standing("This team is suspended.", "You can read and download everything, but change nothing.", "red")
        )
    said.extend(_late(team))
    said.extend(_lost(feature) for feature in g.get("lost_features", ()))
    return said


def _late(team: CurrentTeam | None) -> list[Standing]:
    """That the plan is about to be lost, for whoever can see to the payment; its own page says more."""
    from cornerspot.blueprints.support.context import request_entitlements
    from cornerspot.blueprints.support.filters import date_text

    actor = current_actor_or_none() if team is not None else None
    if actor is None or not actor.may(Permission.CHANGE_PLAN) or (request.endpoint or "").startswith("plans."):
        return []
    answers = request_entitlements()
    if answers.late_until is None:
        return []
    text = f"You keep {answers.plan.name} until {date_text(answers.late_until)}."
    return [Standing("The payment for your plan failed.", text, "amber", leads_to_plan=True)]


def _lost(feature: Feature) -> Standing:
    from cornerspot.blueprints.support.context import request_entitlements

    name = FEATURES[feature].name
    if request_entitlements().answer(feature) is Answer.SWITCHED_OFF:
        return Standing(f"{name} is switched off.", "Your records stay readable.", "amber", leads_to_plan=True)
    return Standing(
        f"{name} is not in your plan.", "Your records stay readable, and nothing is lost.", "amber", leads_to_plan=True
    )


def _decide_person(need: Need) -> Response | None:
    person = signed_in_person()
    if person is None:
        return _to_sign_in()
    if need.who == "operator" and not person.is_operator:
        abort(404)
    return None


def _decide_member(need: Need) -> Response | None:
    """A suspended team's customers are not punished: they read and pay."""
    answer = enter_account(choosing=need.choosing)
    if answer is None:
        _require_features(need)
    return answer


def _to_sign_in() -> Response:
    if _is_front_door_of_portal():
        return redirect(f"{PORTAL}/")
    target = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("auth.sign_in_show", next=target))


def _is_front_door_of_portal() -> bool:
    """Whether this is the first page of a host of the team's own, where its customers come by."""
    from cornerspot.blueprints.support.context import request_entitlements

    return request.path == "/" and not request.script_root and request_entitlements().allows(Feature.PORTAL)


def install(app: Flask) -> None:
    """Decide before every view."""
    public_route("our own styles, scripts and pictures", in_team=None)(app.view_functions["static"])
    app.before_request(decide)
    app.jinja_env.globals["standing"] = standing


def require_all_gated(app: Flask) -> None:
    """Pass when every route says what it needs; raises RuntimeError naming those that do not."""
    bare = [name for name in app.view_functions if need_of(app, name) is None]
    if bare:
        raise RuntimeError(f"Routes without @gate or @public_route: {', '.join(sorted(bare))}")
