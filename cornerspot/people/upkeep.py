"""What the worker forgets about people at night."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, or_

from cornerspot.db import db, session
from cornerspot.db.counting import forget_counts
from cornerspot.jobs.registry import task
from cornerspot.kit import clock
from cornerspot.people.models import HandOff, PasswordReset, SignIn
from cornerspot.people.signing_in import forget_old_failures

KEPT = timedelta(days=30)  # Long enough to answer "who was signed in last week?".


@task("people.forget_expired")
def forget_expired() -> None:
    """Failed sign-ins of more than a day ago, and sign-ins and links that ended 30 days ago, are gone.

    So are the counts behind the rate limits that count no more.
    """
    forget_old_failures()
    forget_counts(db.engine, expired=True)
    before = clock.now() - KEPT
    session.execute(delete(SignIn).where(or_(SignIn.expires_at < before, SignIn.ended_at < before)))
    session.execute(delete(HandOff).where(HandOff.expires_at < before))
    session.execute(delete(PasswordReset).where(PasswordReset.expires_at < before))
