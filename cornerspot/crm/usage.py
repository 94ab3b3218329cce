"""Whether a team has CRM records, so that losing the feature does not hide them."""

from __future__ import annotations

from sqlalchemy import or_, select

from cornerspot.crm.models import Account, Contact, Deal
from cornerspot.db import session
from cornerspot.db.planning import is_any


def has_crm_records() -> bool:
    """Whether there is any account, contact or deal that is not in the Trash."""
    found = (is_any(model, model.deleted_at.is_(None)) for model in (Account, Deal, Contact))
    return bool(session.scalar(select(or_(*found))))
