"""One-time links by e-mail: to sign in without a password, and to set a new one."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select, update

from cornerspot.db import session
from cornerspot.db.locks import lock, lock_name
from cornerspot.jobs.publishing import publish
from cornerspot.kit import clock
from cornerspot.kit.errors import NotFound
from cornerspot.kit.secrets import digest, new_token
from cornerspot.people.emails import require_email
from cornerspot.portal.events import PortalPasswordResetAsked, PortalSignInLinkAsked
from cornerspot.portal.models import LinkPurpose, PortalLink, PortalUser
from cornerspot.tenancy import current_tenant_id

LASTS = {LinkPurpose.SIGN_IN: timedelta(minutes=15), LinkPurpose.PASSWORD_RESET: timedelta(hours=1)}
MOST_PER_HOUR = 5


class LinkUnusable(NotFound):
    """This link was used already or is too old. Ask for a new one."""


def ask_for_sign_in_link(email: str) -> None:
    """A link is on its way if somebody has this address; nothing here depends on whether. Raises Invalid."""
    publish(PortalSignInLinkAsked(require_email(email)))


def ask_for_password_reset(email: str) -> None:
    """A link is on its way if somebody has this address; nothing here depends on whether. Raises Invalid."""
    publish(PortalPasswordResetAsked(require_email(email)))


def begin_link(email: str, purpose: LinkPurpose) -> tuple[PortalUser, str] | None:
    """The member with the address and the token for a new link.

    None for nobody, for somebody who may not sign in, or after too many in an hour.
    """
    lock_name(f"portal link {current_tenant_id()} {email}")
    user = session.scalars(select(PortalUser).where(PortalUser.email == email)).one_or_none()
    if user is None or not user.may_sign_in or _asked_lately(user) >= MOST_PER_HOUR:
        return None
    token = new_token()
    expires_at = clock.now() + LASTS[purpose]
    session.add(PortalLink(portal_user_id=user.id, purpose=purpose, token_digest=digest(token), expires_at=expires_at))
    return user, token


def find_link(token: str, purpose: LinkPurpose) -> PortalLink:
    """The link that is still good; raises LinkUnusable."""
    link = session.scalars(
        select(PortalLink).where(PortalLink.token_digest == digest(token), PortalLink.purpose == purpose)
    ).one_or_none()
    if link is None or not _is_good(link):
        raise LinkUnusable()
    return link


def use_link(link: PortalLink) -> PortalUser:
    """The member whose link it was, held; the link works no more. Raises LinkUnusable."""
    user = session.get_one(PortalUser, (link.tenant_id, link.portal_user_id))
    lock(user)
    lock(link)
    if not _is_good(link) or not user.may_sign_in:
        raise LinkUnusable()
    link.used_at = clock.now()
    return user


def end_all_links(user: PortalUser) -> None:
    """No link that was sent to the member works any more."""
    statement = update(PortalLink).where(PortalLink.portal_user_id == user.id, PortalLink.used_at.is_(None))
    session.execute(statement.values(used_at=clock.now()))


def _asked_lately(user: PortalUser) -> int:
    recent = select(func.count()).where(
        PortalLink.portal_user_id == user.id, PortalLink.created_at > clock.now() - timedelta(hours=1)
    )
    return session.scalar(recent) or 0


def _is_good(link: PortalLink) -> bool:
    return link.used_at is None and link.expires_at > clock.now()
