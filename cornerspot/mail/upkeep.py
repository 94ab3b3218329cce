"""What the worker does for mail at night."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete

from cornerspot.db import session
from cornerspot.jobs.registry import task
from cornerspot.kit import clock
from cornerspot.mail.models import MailRoute

# A mail server gives up after five days (RFC 5321, 4.5.4.1), and a resent message keeps its route.
KEPT_FOR = timedelta(days=60)


@task("mail.forget_routes")
def forget_routes() -> None:
    """Reports that can no longer come have no way to a team kept for them."""
    session.execute(delete(MailRoute).where(MailRoute.created_at < clock.now() - KEPT_FOR))
