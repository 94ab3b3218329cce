"""What the worker forgets about members at night."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, or_

from cornerspot.db import session
from cornerspot.jobs.registry import task
from cornerspot.kit import clock
from cornerspot.people.lock_out import forget_old_failures_in
from cornerspot.portal.models import PortalLink, PortalSignIn, PortalSignInFailure

KEPT = timedelta(days=30)  # Long enough to answer "who was signed in last week?".


@task("portal.forget_expired")
def forget_expired() -> None:
    """Failed sign-ins of more than a day ago, and sign-ins and links that ended 30 days ago, are gone."""
    forget_old_failures_in(PortalSignInFailure)
    before = clock.now() - KEPT
    session.execute(delete(PortalSignIn).where(or_(PortalSignIn.expires_at < before, PortalSignIn.ended_at < before)))
    session.execute(delete(PortalLink).where(PortalLink.expires_at < before))
