"""A member's own password in this team's portal."""

from __future__ import annotations

from cornerspot.activity.recording import record
from cornerspot.db.locks import lock
from cornerspot.kit.errors import Invalid
from cornerspot.people.lock_out import forget_failures
from cornerspot.people.passwords import hash_password, is_password, require_good_password
from cornerspot.portal.links import end_all_links, use_link
from cornerspot.portal.models import PortalLink, PortalSignIn, PortalSignInFailure, PortalUser
from cornerspot.portal.sessions import actor_of, end_all_sign_ins
from cornerspot.tenancy import current_team


def reset_password(link: PortalLink, password: str) -> PortalUser:
    """The member has the new password and is signed out everywhere; no link works any more.

    Raises LinkUnusable, Invalid.
    """
    user = use_link(link)
    user.password_hash = hashed(password, user)
    end_all_links(user)
    end_all_sign_ins(user)
    forget_failures(PortalSignInFailure, user.email)
    record(user, "password_reset", by=actor_of(user))
    return user


def change_password(user: PortalUser, *, current: str, password: str, here: PortalSignIn) -> None:
    """The member has the new password and is signed out in every other browser; raises Invalid."""
    lock(user)
    if not is_password(user.password_hash, current):
        raise Invalid("This is not your password.", field="current")
    user.password_hash = hashed(password, user)
    end_all_links(user)
    end_all_sign_ins(user, except_for=here)
    record(user, "password_changed", by=actor_of(user))


def hashed(password: str, user: PortalUser) -> str:
    """The hash of a good password for this member; raises Invalid."""
    require_good_password(password, about=(user.email, user.name, current_team().name))
    return hash_password(password)
