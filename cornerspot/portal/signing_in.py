"""Who a member is, by e-mail address and password, in this team's portal."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from cornerspot.db import session
from cornerspot.people.emails import comparable_email
from cornerspot.people.lock_out import (
    clear_failures,
    count_failure,
    forget_failures,
    held_failures,
    wait_sentence,
)
from cornerspot.people.passwords import hash_password, is_outdated, is_password
from cornerspot.portal.links import use_link
from cornerspot.portal.models import PortalLink, PortalSignInFailure, PortalUser
from cornerspot.tenancy import current_tenant_id


@dataclass(frozen=True)
class MemberAttempt:
    """A try to sign in: the member, or the sentence that says why not. A failure is committed, not raised."""

    user: PortalUser | None = None
    refusal: str = ""
    is_locked: bool = False


def try_member_password(email: str, password: str) -> MemberAttempt:
    """The member when the password is right; otherwise the failure is counted.

    The answer, and the time it takes, is the same for an address nobody has, and for
    somebody who was only invited, is suspended or was revoked.
    """
    address = comparable_email(email)
    failure = held_failures(PortalSignInFailure, address, purpose=f"portal sign-in {current_tenant_id()}")
    refusal = wait_sentence(failure)
    if refusal:
        return MemberAttempt(refusal=refusal, is_locked=True)
    user = session.scalars(select(PortalUser).where(PortalUser.email == address)).one_or_none()
    is_right = is_password(user.password_hash if user else None, password)
    if user is None or not is_right or not user.may_sign_in:
        refusal = count_failure(failure)
        return MemberAttempt(refusal=refusal, is_locked=failure.locked_until is not None)
    clear_failures(failure)
    if user.password_hash and is_outdated(user.password_hash):
        user.password_hash = hash_password(password)
    return MemberAttempt(user=user)


def sign_in_by_link(link: PortalLink) -> PortalUser:
    """The member whose link it was; it works no more. Raises LinkUnusable."""
    user = use_link(link)
    forget_failures(PortalSignInFailure, user.email)
    return user
