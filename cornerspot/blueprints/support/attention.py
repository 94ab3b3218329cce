"""How many payments need attention, for the sidebar: kept for half a minute, so that pages do not ask each time."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from cornerspot.billing.online.exceptions import count_open_exceptions
from cornerspot.kit import clock
from cornerspot.tenancy import current_tenant_id

KEPT_FOR = timedelta(seconds=30)
MOST_TEAMS = 10_000

_kept: dict[UUID, tuple[datetime, int]] = {}


def attention_count() -> int:
    """The count of the team of this request, at most half a minute old."""
    team_id, now = current_tenant_id(), clock.now()
    known = _kept.get(team_id)
    if known is not None and timedelta() <= now - known[0] < KEPT_FOR:
        return known[1]
    if len(_kept) >= MOST_TEAMS:
        _kept.clear()
    count = count_open_exceptions()
    _kept[team_id] = (now, count)
    return count


def forget_attention_count() -> None:
    """The next page asks again: somebody has just resolved one."""
    _kept.pop(current_tenant_id(), None)
