"""Who is asking in the portal: a member, by a cookie that the staff's sign-in has no part in.

The portal's cookie carries a random token; ``portal_sign_ins`` holds its digest. From
the moment that a member is known, the request is narrowed to the account they look at.
"""

from __future__ import annotations

from flask import g, redirect, request, url_for
from flask import session as cookie
from werkzeug.wrappers import Response

from cornerspot.portal.models import PortalUser
from cornerspot.portal.sessions import Member, MemberAccount, begin_sign_in, end_sign_in, find_member
from cornerspot.tenancy import current_team, narrow_to_account
from cornerspot.tenancy.http import is_portal_request, session_owner

_COOKIE_KEY = "_member"


def current_member_or_none() -> Member | None:
    """The member who asks, or None when signed out or outside of the portal."""
    if "member" not in g:
        token = cookie.get(_COOKIE_KEY, "") if is_portal_request() else ""
        g.member = find_member(token) if token else None
    member: Member | None = g.member
    return member


def current_member() -> Member:
    """The member who asks; only for views behind ``member_route``."""
    member = current_member_or_none()
    if member is None:
        raise RuntimeError("current_member() needs member_route on the view")
    return member


def current_account() -> MemberAccount:
    """The account that the member looks at; only for views behind ``member_route`` that show one."""
    account = current_member().account
    if account is None:
        raise RuntimeError("current_account() needs member_route without choosing on the view")
    return account


def sign_in_member(user: PortalUser) -> None:
    """This browser is signed in to the team's portal as the member."""
    token, _ = begin_sign_in(user, ip_address=request.remote_addr or "", user_agent=request.user_agent.string[:400])
    cookie.clear()  # A session from before the sign-in must not survive it (fixation).
    cookie["_team"] = session_owner(current_team())
    cookie[_COOKIE_KEY] = token
    cookie.permanent = True
    g.pop("member", None)


def sign_out_member() -> None:
    """This browser is signed out of the portal."""
    member = current_member_or_none()
    if member is not None:
        end_sign_in(member.sign_in)
    cookie.clear()
    g.pop("member", None)


def enter_account(*, choosing: bool) -> Response | None:
    """Narrow the request to the member's account; the answer instead, where that is not possible.

    ``choosing`` is for the pages on which an account is chosen, or nothing of one is shown.
    """
    member = current_member_or_none()
    if member is None:
        return redirect(url_for("portal.sign_in_show", next=_asked_for()))
    if choosing:
        return None
    if member.account is None:
        return redirect(url_for("portal.accounts_index", next=_asked_for()))
    narrow_to_account(member.account.id)
    return None


def _asked_for() -> str | None:
    return request.full_path.rstrip("?") if request.method == "GET" else None
