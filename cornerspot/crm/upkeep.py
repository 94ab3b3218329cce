"""What the worker does for the CRM at night."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from cornerspot.crm.models import Account, Contact, Deal
from cornerspot.db import session
from cornerspot.jobs.registry import task
from cornerspot.kit import clock

KEPT_FOR = timedelta(days=30)


@task("crm.purge_trash")
def purge_trash() -> None:
    """Deals, contacts and accounts that were in the Trash for 30 days are gone.

    One that something still refers to (an invoice in the Trash of its own) stays there.
    """
    for model in (Deal, Contact, Account):  # What refers to others goes first.
        due = select(model.id).where(model.deleted_at < clock.now() - KEPT_FOR).order_by(model.id)
        for row_id in session.scalars(due).all():
            with suppress(IntegrityError), session.begin_nested():
                session.execute(delete(model).where(model.id == row_id))
