"""What billing uses of a plan's limits."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from cornerspot.billing.models import Invoice
from cornerspot.db import session
from cornerspot.db.planning import is_any
from cornerspot.kit import clock
from cornerspot.tenancy import current_team


def count_finalized_invoices() -> int:
    """Invoices that got their number in this calendar month of the team's zone, voided ones too."""
    statement = select(func.count()).select_from(Invoice).where(Invoice.finalized_at >= _start_of_month())
    return session.scalar(statement) or 0


def has_invoices() -> bool:
    """Whether there is any invoice that is not in the Trash."""
    return bool(session.scalar(select(is_any(Invoice, Invoice.deleted_at.is_(None)))))


def _start_of_month() -> datetime:
    zone = current_team().time_zone
    return datetime.combine(clock.today(zone).replace(day=1), time.min, ZoneInfo(zone))
