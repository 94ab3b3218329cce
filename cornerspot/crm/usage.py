"""Whether a team has CRM records, so that losing the feature does not hide them."""

from __future__ import annotations

from sqlalchemy import select

from cornerspot.crm.models import Account, Contact, Deal
from cornerspot.db import session


def has_crm_records() -> bool:
    """Whether there is any account, contact or deal that is not in the Trash."""
    return any(
        session.scalar(select(model.id).where(model.deleted_at.is_(None)).limit(1)) is not None
        for model in (Account, Deal, Contact)
    )
