"""Who is asking: Flask-Login on top of our sign-in rows.

The cookie carries a random token; ``sign_ins`` holds its digest, for one person
and one team. Ending the row signs the browser out at once.
"""

from __future__ import annotations

from typing import cast
from uuid import UUID

from flask import Flask, g, request
from flask import session as cookie
from flask_login import AnonymousUserMixin, LoginManager, UserMixin, current_user, login_user, logout_user

from cornerspot.people.actors import Actor
from cornerspot.people.models import Person, SignIn
from cornerspot.people.sessions import begin_session, end_session, find_session
from cornerspot.tenancy.http import team_of_request


class SignedIn(UserMixin):
    """The person of this browser, as an actor when it is in a team."""

    def __init__(self, token: str, row: SignIn, person: Person, actor: Actor | None) -> None:
        self.token, self.row, self.person, self.actor = token, row, person, actor

    def get_id(self) -> str:
        return self.token


def install(app: Flask) -> None:
    """Load the signed-in person of each request on first use."""
    manager = LoginManager()
    manager.session_protection = None  # Rows can be ended; a changed address must not sign a phone out.
    manager.user_loader(_load)
    manager.init_app(app)


def _load(token: str) -> SignedIn | None:
    team = team_of_request()
    found = find_session(token, team_id=team.id if team else None)
    return SignedIn(token, *found) if found else None


def signed_in() -> SignedIn | None:
    """The sign-in of this browser, or None."""
    if "_login_user" not in g and "_user_id" not in cookie:
        return None  # Without a token there is nobody to look for.
    user = current_user._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - the proxy's documented way out
    return None if isinstance(user, AnonymousUserMixin) else cast(SignedIn, user)


def signed_in_person() -> Person | None:
    """The person of this browser, or None."""
    user = signed_in()
    return user.person if user else None


def current_actor_or_none() -> Actor | None:
    """The teammate who asks, or None when signed out or on the installation's pages."""
    user = signed_in()
    return user.actor if user else None


def current_sign_in() -> SignedIn:
    """The sign-in of the one who asks; only for views behind a gate."""
    user = signed_in()
    if user is None:
        raise RuntimeError("current_sign_in() needs a gate on the route")
    return user


def current_actor() -> Actor:
    """The teammate who asks; only for views behind a gate."""
    actor = current_actor_or_none()
    if actor is None:
        raise RuntimeError("current_actor() needs a gate for teammates on the route")
    return actor


def sign_in_browser(person: Person, *, browser_id: UUID | None = None) -> SignIn:
    """Sign this browser in to the address it is on (a team, or the installation's pages).

    ``browser_id`` ties it to the sign-in that handed it over.
    """
    team = team_of_request()
    token, row = begin_session(
        person,
        team_id=team.id if team else None,
        ip_address=request.remote_addr or "",
        user_agent=request.user_agent.string[:400],
        browser_id=browser_id,
    )
    cookie.clear()  # A session from before the sign-in must not survive it (fixation).
    cookie["_team"] = str(team.id) if team else "installation"
    cookie.permanent = True
    g.pop("_login_user", None)
    login_user(SignedIn(token, row, person, None))
    return row


def sign_out_browser() -> None:
    """End the sign-in of this browser, in every team that it was handed to."""
    user = signed_in()
    if user is not None:
        end_session(user.row)
    logout_user()
    cookie.clear()
