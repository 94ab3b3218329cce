"""Who is asking: Flask-Login on top of our sign-in rows.

The cookie carries a random token; ``sign_ins`` holds its digest, for one person
and one team. Ending the row signs the browser out at once.
"""

from __future__ import annotations

from datetime import datetime
from typing import cast
from uuid import UUID

from flask import Flask, g, request
from flask import session as cookie
from flask_login import AnonymousUserMixin, LoginManager, UserMixin, current_user, login_user, logout_user

from cornerspot.db import session
from cornerspot.people.actors import Actor
from cornerspot.people.models import Person, SignIn
from cornerspot.people.sessions import begin_session, end_session, find_session, find_teammate_session
from cornerspot.tenancy.http import team_of_request


class SignedIn(UserMixin):
    """The person of this browser, as an actor when it is in a team."""

    def __init__(self, token: str, sign_in_id: UUID, person_id: UUID, last_seen_at: datetime, actor: Actor | None):
        self.token, self.sign_in_id, self.person_id = token, sign_in_id, person_id
        self.last_seen_at, self.actor = last_seen_at, actor

    @property
    def row(self) -> SignIn:
        """The sign-in, read when a page is about it."""
        return session.get_one(SignIn, self.sign_in_id)

    @property
    def person(self) -> Person:
        """The person, read when a page is about them."""
        return session.get_one(Person, self.person_id)

    def get_id(self) -> str:
        return self.token


def install(app: Flask) -> None:
    """Load the signed-in person of each request on first use."""
    manager = LoginManager()
    manager.session_protection = None  # Rows can be ended; a changed address must not sign a phone out.
    manager.user_loader(_load)
    manager.init_app(app)


def _load(token: str) -> SignedIn | None:
    if team_of_request() is None:
        found = find_session(token)
        return _signed_in(token, *found) if found else None
    here = find_teammate_session(token)
    return SignedIn(token, here.id, here.person_id, here.last_seen_at, here.actor) if here else None


def _signed_in(token: str, row: SignIn, person: Person) -> SignedIn:
    return SignedIn(token, row.id, person.id, row.last_seen_at, None)


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
    session.flush()
    login_user(_signed_in(token, row, person))
    return row


def sign_out_browser() -> None:
    """End the sign-in of this browser, in every team that it was handed to."""
    user = signed_in()
    if user is not None:
        end_session(user.row)
    logout_user()
    cookie.clear()
